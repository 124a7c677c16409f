"""Editing one assignment, as the drawer does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from builder.canonical import block_of
from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Assignment
from builder.operations.storing import store_over
from builder.publish import hold
from builder.reading import read_workflow
from builder.validation import path_text
from projects.access import Caller, Role, require
from projects.errors import Detail


def update_assignment(caller: Caller, assignment_id: int, *, version: int, changes: Mapping[str, Any]) -> Assignment:
    """Change the fields of an assignment that `changes` names, as the project file writes them, each as a whole.

    `version` is the one that the caller had read. Raises NotFound, Forbidden, Invalid (paths as in the workflow's
    block), and Conflict where somebody else edited it since: its details tell what is stored in the named fields.
    """
    with transaction.atomic():
        assignment = _held(caller, assignment_id)
        workflow = assignment.stage.workflow
        block = block_of(read_workflow(workflow.pk))
        stored = block["stages"][assignment.stage.position]["assignments"][assignment.position]
        if version != assignment.version:
            fields = [Detail(path=name, message=str(stored[name])) for name in changes if name in stored]
            raise EditedMeanwhile("assignment", expected=version, actual=assignment.version, stored=fields)
        stored.update(changes)
        store_over(workflow, block)
    stored_rows = Assignment.objects.select_related("agent", "stage__workflow")
    return stored_rows.get(stage=assignment.stage, position=assignment.position)


def assignment_path(assignment: Assignment) -> str:
    """Where the problems of this assignment's fields are told: `stages[0].assignments[1]`."""
    return path_text(("stages", assignment.stage.position, "assignments", assignment.position))


def _held(caller: Caller, assignment_id: int) -> Assignment:
    rows = Assignment.objects.select_related("stage__workflow__project")
    found = rows.filter(pk=assignment_id).first()
    if found is None:
        raise NoSuchPart("assignment")
    require(caller, found.stage.workflow.project, Role.EDITOR)
    hold(found.stage.workflow.project_id)
    held = rows.filter(pk=assignment_id).first()  # it may have gone while the lock was waited for
    if held is None:
        raise NoSuchPart("assignment")
    return held
