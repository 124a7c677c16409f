"""Commands on a draft: what is not theirs stays as it is, for it is shared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder.canonical import shared_block_of, stage_block, stage_text
from builder.changes import Draft, change
from builder.changes.pasting import copied
from builder.operations.editing import command_of
from builder.patches import applied, difference, renamed, turned
from builder.spec import WorkflowSpec

Json = Any


def _spec() -> WorkflowSpec:
    hook = {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": {"Yes": "go", "No": None}}
    return WorkflowSpec.model_validate(
        {
            "name": "W",
            "stages": [
                {
                    "name": "A",
                    "assignments": [{"agent": "Ada"}, {"agent": "Ben"}],
                    "outcomes": ["go"],
                    "default_outcome": "go",
                    "routes": {"go": {"stage": "C"}},
                    "exit_hooks": [hook],
                },
                {"name": "B", "outcomes": ["on"], "routes": {"on": {"workflow": "X", "continue_at": "C"}}},
                {"name": "C", "assignments": [{"agent": "Ada"}]},
            ],
        }
    )


_TEXT = copied(shared_block_of(_spec())["stages"][2:])
COMMANDS: tuple[Json, ...] = (
    {"do": "add_stage", "after": 1},
    {"do": "update_stage", "stage": 3, "version": 1, "changes": {"name": "Z", "task": "New."}},
    {"do": "move_stage", "stage": 3, "to": 0},
    {"do": "delete", "stages": [3], "assignments": [11]},
    {"do": "set_hooks", "stage": 1, "version": 1, "entry": [], "exit": []},
    {"do": "set_outcomes", "stage": 1, "version": 1, "outcomes": [{"label": "went", "was": "go"}]},
    {"do": "assign_agent", "stage": 2, "agent": "Ben"},
    {"do": "update_assignment", "assignment": 12, "version": 1, "changes": {"directive": "Be brief."}},
    {"do": "move_assignment", "assignment": 11, "stage": 3, "to": 0},
    {"do": "add_outcome", "stage": 2, "label": "off", "route": {"stage": "A"}},
    {"do": "reroute", "stage": 1, "label": "go", "route": {"stage": "B"}},
    {"do": "remove_outcome", "stage": 2, "label": "on"},
    {"do": "paste", "text": _TEXT, "after": 1},
)


@pytest.mark.parametrize("raw", COMMANDS, ids=[each["do"] for each in COMMANDS])
def test_a_command_changes_copies_of_the_stages_that_it_touches_and_no_others(raw: Json) -> None:
    """ui.md 4.4: one object is edited; what two versions have in common is one thing in memory."""
    spec = _spec()
    before = shared_block_of(spec)
    texts = [stage_text(stage) for stage in spec.stages]
    draft = Draft(
        block=shared_block_of(spec),
        stage_ids=[1, 2, 3],
        stage_versions=[1, 1, 1],
        assignment_ids=[[11, 12], [], [13]],
        assignment_versions={11: 1, 12: 1, 13: 1},
        agents=lambda: ["Ada", "Ben"],
    )
    change(draft, command_of(raw))
    assert json.dumps(draft.block) != json.dumps(before)
    patch = difference(renamed(before, draft.renames), draft.block)
    assert patch
    there = applied(renamed(before, draft.renames), patch)
    assert json.dumps(there, sort_keys=True) == json.dumps(draft.block, sort_keys=True)
    back = applied(draft.block, turned(patch))
    assert json.dumps(back, sort_keys=True) == json.dumps(renamed(before, draft.renames), sort_keys=True)
    assert texts == [json.dumps(stage_block(stage), ensure_ascii=False, separators=(",", ":")) for stage in spec.stages]
