"""Which function carries out which command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builder.changes import assignments, outcomes, pasting, stages
from builder.changes.draft import Draft
from builder.commands import (
    AddOutcome,
    AddStage,
    AssignAgent,
    Delete,
    MoveAssignment,
    MoveStage,
    Paste,
    PlaceCards,
    RemoveOutcome,
    Reroute,
    SetHooks,
    SetOutcomes,
    UpdateAssignment,
    UpdateStage,
    UpdateWorkflow,
)

_CHANGES: dict[type[Any], Callable[[Draft, Any], str]] = {
    AddStage: stages.add_stage,
    UpdateStage: stages.update_stage,
    MoveStage: stages.move_stage,
    Delete: stages.delete,
    SetHooks: stages.set_hooks,
    UpdateWorkflow: stages.update_workflow,
    PlaceCards: stages.place,
    AssignAgent: assignments.assign_agent,
    UpdateAssignment: assignments.update_assignment,
    MoveAssignment: assignments.move_assignment,
    AddOutcome: outcomes.add_outcome,
    SetOutcomes: outcomes.set_outcomes,
    Reroute: outcomes.reroute,
    RemoveOutcome: outcomes.remove_outcome,
    Paste: pasting.paste,
}


def change(draft: Draft, command: Any) -> str:
    """Carry out the command on the draft; what was done, in words. Undo, redo, restore and tidy are no changes of a
    block: they are the operation's own. Raises NotFound, Conflict, Invalid."""
    return _CHANGES[type(command)](draft, command)
