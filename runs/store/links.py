"""Approval links as rows: made, withdrawn, used up by an answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from runs.models import ApprovalLink


def insert_link(digest: str, gate: UUID, user: int, *, made_by: int, now: datetime) -> ApprovalLink:
    """Write a new link, of whose secret only the digest is known."""
    return ApprovalLink.objects.create(digest=digest, gate_id=gate, user_id=user, made_by_id=made_by, made_at=now)


def withdraw_links(gate: UUID, now: datetime, *, link: int | None = None, user: int | None = None) -> int:
    """End one link of a gate, or all of a person; returns how many of them still worked."""
    found = ApprovalLink.objects.filter(gate=gate, used_at__isnull=True, withdrawn_at__isnull=True)
    found = found.filter(pk=link) if link is not None else found.filter(user=user)
    return found.update(withdrawn_at=now)


def use_link(link: int, now: datetime) -> bool:
    """Use a link up. False when it has been used or withdrawn, or its person may not sign in any more."""
    found = ApprovalLink.objects.filter(pk=link, used_at__isnull=True, withdrawn_at__isnull=True, user__is_active=True)
    return found.update(used_at=now) == 1
