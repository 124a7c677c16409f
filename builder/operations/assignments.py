"""Editing one assignment, as the drawer does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.commands import UpdateAssignment
from builder.models import Assignment
from builder.operations.editing import edit
from builder.queries import assignment_by_id
from builder.validation import path_text
from projects.access import Caller, Role


def update_assignment(caller: Caller, assignment_id: int, *, version: int, changes: Mapping[str, Any]) -> Assignment:
    """Change the fields of an assignment that `changes` names, as the project file writes them, each as a whole.

    `version` is the one that the caller had read. Raises NotFound, Forbidden, Invalid (paths as in the workflow's
    block), and Conflict where somebody else edited it since: its details tell what is stored in the named fields.
    """
    assignment = assignment_by_id(caller, assignment_id, Role.EDITOR)
    command = UpdateAssignment.model_construct(
        do="update_assignment", assignment=assignment_id, version=version, changes=dict(changes)
    )
    edit(caller, assignment.stage.workflow_id, command)
    stored_rows = Assignment.objects.select_related("agent", "stage__workflow")
    return stored_rows.get(stage=assignment.stage, position=assignment.position)


def assignment_path(assignment: Assignment) -> str:
    """Where the problems of this assignment's fields are told: `stages[0].assignments[1]`."""
    return path_text(("stages", assignment.stage.position, "assignments", assignment.position))
