"""The append-only log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from projects import rows
from runs.engine.decision import NewEvent
from runs.models import (
    Event,
    WorkflowRun,
)

Row = dict[str, Any]


def append_events(row: WorkflowRun, events: Sequence[NewEvent], now: datetime) -> None:
    """Number events after the row's last one and insert them. The caller moves `seq` in the same transaction."""
    first = row.seq + 1
    rows.insert(Event, [event_row(row.pk, first + place, now, event) for place, event in enumerate(events)])


def event_row(run_id: UUID, seq: int, now: datetime, event: NewEvent) -> Row:
    return {
        "run_id": run_id,
        "seq": seq,
        "at": now,
        "kind": event.kind,
        "stage": event.stage,
        "agent": event.agent,
        "data": event.data,
    }
