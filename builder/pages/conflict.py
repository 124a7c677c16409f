"""The panel that shows yours and theirs after somebody else has saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince

Json = Any


def panel(version: int, saved_at: datetime, fields: Sequence[tuple[str, str, str]], reload_url: str) -> dict[str, Json]:
    """The context of components/_conflict.html; `fields` are label, yours, theirs."""
    recent = timezone.now() - saved_at < timedelta(minutes=1)
    return {
        "by": "Somebody else",
        "when": "just now" if recent else f"{timesince(saved_at)} ago",
        "version": version,
        "fields": [{"label": label, "yours": yours, "theirs": theirs} for label, yours, theirs in fields],
        "reload_url": reload_url,
    }
