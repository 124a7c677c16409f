"""API tokens and one-time login links: made, checked, never stored in the clear."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from projects import audit, rows
from projects.access import SCOPES, Caller
from projects.errors import Detail, Invalid
from projects.models import ApiToken, LoginLink, Project

LINK_LIFE = timedelta(hours=24)
_TOKEN = re.compile(r"baton_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_USED_EVERY = timedelta(minutes=1)


def digest(text: str) -> str:
    """SHA-256, hexadecimal. Tokens carry 256 bits of chance, so that a slow hash would add nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; `text` is shown once and kept nowhere."""

    row: ApiToken
    text: str


def create_token(
    user: User,
    *,
    project: Project | None = None,
    scopes: Sequence[str] = (),
    name: str = "",
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a token `baton_<id>_<43 characters>`. Without a project it has all rights of its user; scopes narrow it."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise Invalid(
            f"Unknown scopes: {', '.join(unknown)}.", details=[Detail("scopes", f"one of {', '.join(SCOPES)}")]
        )
    public_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    text = f"baton_{public_id}_{secret}"
    row = ApiToken.objects.create(
        public_id=public_id,
        digest=digest(text),
        user=user,
        project=project,
        scopes=list(scopes),
        name=name,
        expires_at=expires_at,
    )
    audit.record(
        "token.created", actor=user.get_username(), object=_bound_to(row), token=public_id, scopes=list(scopes)
    )
    return NewToken(row, text)


def caller_of(text: str) -> Caller | None:
    """Who a bearer token stands for; None when it is not valid (unknown, revoked, expired, its user inactive)."""
    parts = _TOKEN.fullmatch(text)
    if parts is None:
        return None
    found = rows.select(ApiToken, "public_id = %s", [parts[1]])
    if not found or not hmac.compare_digest(found[0].digest, digest(text)):
        return None
    token, now = found[0], timezone.now()
    user = rows.fetch(User, token.user_id)
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    if user is None or not user.is_active:
        return None
    token.user = user
    if token.last_used_at is None or now - token.last_used_at > _USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Caller(user, token)


def revoke_token(token: ApiToken, *, by: str = "") -> None:
    """End a token's life at once; `by` is the user name of whoever does it."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        audit.record("token.revoked", actor=by, object=_bound_to(token), token=token.public_id)


def _bound_to(token: ApiToken) -> str:
    return token.project.slug if token.project else ""


def create_login_link(user: User) -> str:
    """Make the secret of a link that signs a user in once, within a day. Earlier unused links of the user end."""
    now = timezone.now()
    LoginLink.objects.filter(Q(user=user, used_at__isnull=True) | Q(expires_at__lt=now)).delete()
    secret = secrets.token_urlsafe(32)
    LoginLink.objects.create(digest=digest(secret), user=user, expires_at=now + LINK_LIFE)
    return secret


def use_login_link(secret: str) -> User | None:
    """The user of a link that is used now for the first time; None when it is unknown, used or expired."""
    now = timezone.now()
    link = LoginLink.objects.select_related("user").filter(digest=digest(secret), expires_at__gt=now).first()
    if link is None or not link.user.is_active:
        return None
    if LoginLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now) != 1:
        return None
    return link.user
