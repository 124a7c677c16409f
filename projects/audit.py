"""The append-only record of security-relevant acts."""

from __future__ import annotations

from typing import Any

from projects.models import AuditEntry


def record(action: str, *, actor: str = "", address: str = "", object: str = "", **data: Any) -> None:
    """Write one act. Never pass secrets."""
    AuditEntry.objects.create(action=action, actor=actor, address=address, object=object[:200], data=data)
