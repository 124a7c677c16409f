"""Rows that have positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

# Positions are unique: before rows are put into a new order they move out of the way.
OUT_OF_THE_WAY = 1_000_000


def save_all(model: Any, rows: Iterable[Any], fields: Sequence[str]) -> None:
    """Update the rows that are stored, and then create the others."""
    rows = list(rows)
    new, old = [row for row in rows if row.pk is None], [row for row in rows if row.pk is not None]
    # What stands out of the way makes room first.
    if len(old) == 1:  # what an edit writes mostly; a plain statement is made far quicker than one with cases
        old[0].save(update_fields=list(fields))
    else:
        model.objects.bulk_update(old, fields, batch_size=200)
    model.objects.bulk_create(new)
