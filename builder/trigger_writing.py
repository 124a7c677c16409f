"""From the triggers of a definition to their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from django.db.models import F

from builder.canonical import block_of
from builder.models import Trigger, Workflow
from builder.ordered_rows import OUT_OF_THE_WAY, save_all
from builder.spec import Trigger as TriggerSpec
from projects.names import name_key


def write_triggers(workflow: Workflow, wanted: Sequence[TriggerSpec]) -> None:
    """Triggers keep their rows by name, or by place where they have none: a webhook's address hangs on its row."""
    rows = {_mark(row.kind, row.name_key, row.position): row for row in workflow.triggers.all()}
    marks = trigger_marks(wanted)
    workflow.triggers.exclude(pk__in=[rows[mark].pk for mark in marks if mark in rows]).delete()
    workflow.triggers.update(position=F("position") + OUT_OF_THE_WAY)
    triggers = [rows.get(mark) or Trigger(workflow=workflow, version=0) for mark in marks]
    for position, (row, block) in enumerate(zip(triggers, wanted, strict=True)):
        fresh = block_of(block)
        enabled = fresh.pop("enabled")
        if row.version == 0 or (enabled, json.dumps(fresh)) != (row.enabled, json.dumps(row.block)):
            row.version += 1
        row.position, row.kind, row.enabled = position, block.kind, enabled
        row.name, row.name_key, row.block = block.name, name_key(block.name), fresh
    save_all(Trigger, triggers, ("position", "name", "name_key", "enabled", "block", "version"))


def trigger_marks(triggers: Iterable[TriggerSpec]) -> list[tuple[str, str | int]]:
    """What makes each trigger the same one in another definition of its workflow."""
    return [_mark(trigger.kind, name_key(trigger.name), place) for place, trigger in enumerate(triggers)]


def _mark(kind: str, key: str, position: int) -> tuple[str, str | int]:
    return kind, key or position
