"""Assignments: agents put on stages, changed and moved."""

from __future__ import annotations

from builder.changes.draft import Draft
from builder.commands import AssignAgent, MoveAssignment, UpdateAssignment
from builder.spec import AssignmentSpec


def assign_agent(draft: Draft, command: AssignAgent) -> str:
    """The agent on the stage, with every toggle off."""
    stage = draft.stage(command.stage)
    block = AssignmentSpec(agent="x").model_dump(mode="json") | {"agent": command.agent}
    place = len(stage["assignments"]) if command.at is None else command.at
    stage["assignments"].insert(place, block)
    return f"Assigned {command.agent} to {stage['name']}"


def update_assignment(draft: Draft, command: UpdateAssignment) -> str:
    """New values."""
    block = draft.check_assignment(command.assignment, command.version, command.changes)
    block.update(command.changes)
    stage, _ = draft.spot(command.assignment)
    return f"Changed {block['agent']} on {stage['name']}"


def move_assignment(draft: Draft, command: MoveAssignment) -> str:
    """Another position on its stage, or on another one."""
    source, index = draft.spot(command.assignment)
    target = source if command.stage is None else draft.stage(command.stage)
    block = source["assignments"].pop(index)
    target["assignments"].insert(min(command.to, len(target["assignments"])), block)
    where = "" if target is source else f" to {target['name']}"
    return f"Moved {block['agent']}{where}"
