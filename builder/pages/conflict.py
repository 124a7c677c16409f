"""The panel that shows yours and theirs after somebody else has saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builder.errors import EditedMeanwhile

Json = Any


def panel(
    error: EditedMeanwhile,
    fields: Sequence[tuple[str, str, str]],
    reload_url: str,
    taken: Sequence[tuple[str, str]] = (),
) -> dict[str, Json]:
    """The context of components/_conflict.html; `fields` are label, yours, theirs. `taken` are label and value of what
    they changed and you did not: it stays theirs."""
    return {
        "by": error.by or "somebody else",
        "at": error.at,
        "fields": [{"label": label, "yours": yours, "theirs": theirs} for label, yours, theirs in fields],
        "taken": [{"label": label, "theirs": theirs} for label, theirs in taken],
        "reload_url": reload_url,
    }
