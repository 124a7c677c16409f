"""A stage's hooks as rows. A hook that stays the same one keeps its row, so that links to it hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import F

from builder.canonical import block_of
from builder.models import Hook, Stage
from builder.ordered_rows import OUT_OF_THE_WAY
from builder.spec import Hook as HookSpec
from builder.spec import WorkflowHook

_FIELDS = ("moment", "position", "kind", "target_workflow", "block", "version")


def write_hooks(stage: Stage, wanted: Mapping[str, Sequence[HookSpec]], workflow: Callable[[str], int]) -> None:
    """Make the hooks of `stage` what `wanted` says, by moment; `workflow` is the id behind a name."""
    left = list(stage.hooks.all())
    fresh = [
        _fields(moment, position, hook, workflow)
        for moment, hooks in wanted.items()
        for position, hook in enumerate(hooks)
    ]
    pairs: dict[int, Hook] = {}
    for same in (_same, _same_name, _same_place):
        for index, fields in enumerate(fresh):
            row = next((row for row in left if same(row, fields)), None) if index not in pairs else None
            if row is not None:
                pairs[index] = row
                left.remove(row)
    Hook.objects.filter(pk__in=[row.pk for row in left]).delete()
    stage.hooks.update(position=F("position") + OUT_OF_THE_WAY)
    for index, fields in enumerate(fresh):
        row = pairs.setdefault(index, Hook(stage=stage, version=0))
        row.version += 0 if _same(row, fields) else 1
        for name, value in fields.items():
            setattr(row, name, value)
    Hook.objects.bulk_create([row for row in pairs.values() if row.pk is None])
    Hook.objects.bulk_update([row for row in pairs.values() if row.pk is not None], _FIELDS)


def _fields(moment: str, position: int, hook: HookSpec, workflow: Callable[[str], int]) -> dict[str, Any]:
    block = block_of(hook)
    target = workflow(block.pop("workflow")) if isinstance(hook, WorkflowHook) else None
    return {
        "moment": moment,
        "position": position,
        "kind": hook.kind,
        "target_workflow_id": target,
        "block": block,
    }


def _same(row: Hook, fields: Mapping[str, Any]) -> bool:
    """The very same hook, wherever it stands at its moment."""
    alike = (row.moment, row.target_workflow_id) == (fields["moment"], fields["target_workflow_id"])
    return alike and json.dumps(row.block) == json.dumps(fields["block"])


def _same_name(row: Hook, fields: Mapping[str, Any]) -> bool:
    name = fields["block"]["name"]
    return bool(name) and (row.kind, row.block.get("name")) == (fields["kind"], name)


def _same_place(row: Hook, fields: Mapping[str, Any]) -> bool:
    return (row.kind, row.moment, row.position) == (fields["kind"], fields["moment"], fields["position"])
