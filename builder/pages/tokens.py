"""The API tokens of a project, as its settings show them to an owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from builder.pages.typed import text_in
from projects.models import ApiToken, Project
from projects.names import name_problem
from projects.queries import tokens_of

Json = Any
MAY = {
    "read": "Read",
    "run": "Read and run",
    "edit": "Read, run and edit",
    "admin": "Whatever you may",
}
LIVES = {"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"}
_EMPTY = {"name": "", "scope": "run", "days": "90"}


def posted_token(form: QueryDict) -> dict[str, str]:
    """What was typed into the form of a new token."""
    return {name: text_in(form, name, "") for name in _EMPTY}


def token_errors(typed: Mapping[str, str]) -> dict[str, str]:
    """Why there can be no such token, by field."""
    errors = {}
    problem = name_problem(typed["name"])
    if problem:
        errors["name"] = "say what it is for, so that you know it later" if not typed["name"] else f"it {problem}"
    if typed["scope"] not in MAY:
        errors["scope"] = "choose what it may do"
    if typed["days"] not in LIVES:
        errors["days"] = "choose how long it lives"
    return errors


def expiry(typed: Mapping[str, str]) -> datetime | None:
    """When a token with these choices ends; None is never."""
    return timezone.now() + timedelta(days=int(typed["days"])) if typed["days"] else None


def tokens_section(project: Project, changed: Mapping[str, Json]) -> dict[str, Json]:
    """The context of projects/_tokens.html."""
    return {
        "tokens": [_row(token) for token in tokens_of(project).order_by("-created_at")],
        "token": changed.get("token") or _EMPTY,
        "token_errors": changed.get("token_errors") or {},
        "new_token": changed.get("new_token", ""),
        "may": [{"value": value, "label": label} for value, label in MAY.items()],
        "lives": [{"value": value, "label": label} for value, label in LIVES.items()],
    }


def _row(token: ApiToken) -> dict[str, Json]:
    strongest = [scope for scope in MAY if scope in token.scopes][-1:] or ["admin"]
    return {
        "id": token.public_id,
        "name": token.name or "Without a name",
        "user": token.user.get_username(),
        "may": MAY[strongest[0]] if strongest[0] != "admin" else f"Whatever {token.user.get_username()} may",
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "expired": token.expires_at is not None and token.expires_at <= timezone.now(),
        "last_used_at": token.last_used_at,
    }
