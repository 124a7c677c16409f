"""The one operation of the builder: a command carried out on a workflow, stored, published, kept and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from pydantic import TypeAdapter, ValidationError

from agents.models import Agent
from builder.canonical import shared_block_of
from builder.changes import Draft, change
from builder.commands import Command, PlaceCards, Redo, Restore, Tidy, Undo
from builder.errors import EditedMeanwhile, NoSuchPart
from builder.history import Deed, name_conflict
from builder.models import Edit, Workflow
from builder.operations.placing import put_places, settle, tidy_places
from builder.operations.storing import note, store_over
from builder.operations.turning import redo, restore, undo
from builder.part_rows import part_rows
from builder.publish import hold, read_stored
from builder.queries import with_version
from builder.validation import refuse_shape
from projects import rows
from projects.access import Caller, Role, require

Json = Any
_COMMAND: TypeAdapter[Any] = TypeAdapter(Command)


@dataclass(frozen=True)
class Edited:
    """What a command did. `edit` is None where everything was as it should be already; `made` is the id of the stage
    that was added, if one was."""

    workflow: Workflow
    edit: Edit | None
    made: int | None = None


def command_of(raw: Any) -> Any:
    """The body of a request as a command. Raises Invalid with all problems."""
    try:
        return _COMMAND.validate_python(raw)
    except ValidationError as error:
        refuse_shape("The command has problems", error)


def edit(caller: Caller, workflow_id: int, command: Any) -> Edited:
    """Carry out `command`, a type of builder.commands, all or nothing.

    Raises NotFound (the workflow, or a part that is gone), Forbidden, Invalid (paths as in the workflow's block),
    Conflict (the object was edited since the command's version; the last stage; nothing to undo).
    """
    with transaction.atomic():
        workflow = _held(caller, workflow_id)
        try:
            return _carry_out(caller, workflow, command)
        except EditedMeanwhile as error:
            name_conflict(error, workflow)
            raise


def _carry_out(caller: Caller, workflow: Workflow, command: Any) -> Edited:
    if isinstance(command, Undo):
        return Edited(workflow, undo(caller, workflow))
    if isinstance(command, Redo):
        return Edited(workflow, redo(caller, workflow))
    if isinstance(command, Restore):
        return Edited(workflow, restore(caller, workflow, command.revision))
    if isinstance(command, Tidy):
        patch = put_places(workflow, tidy_places(workflow))
        return Edited(workflow, note(workflow, Deed(caller.user, "tidy", "Tidied up"), patch) if patch else None)
    draft = draft_of(workflow)
    summary = change(draft, command)
    deed = Deed(caller.user, command.do, summary, draft.renames)
    if isinstance(command, PlaceCards):
        settle(workflow, read_stored(workflow))  # or the first card that is put somewhere would move the others
        patch = put_places(workflow, draft.places)
        return Edited(workflow, note(workflow, deed, patch) if patch else None)
    stored = store_over(workflow, draft.block, deed, places=draft.places)
    made = workflow.stages.filter(name=draft.focus).values_list("pk", flat=True).first() if draft.focus else None
    return Edited(workflow, stored, made)


def draft_of(workflow: Workflow) -> Draft:
    """The workflow as it stands, for a command to change."""
    parts = part_rows(workflow.pk)
    return Draft(
        block=shared_block_of(read_stored(workflow)),
        stage_ids=list(parts.stages),
        stage_versions=list(parts.stages.values()),
        assignment_ids=parts.inside,
        assignment_versions=parts.assignments,
        version=workflow.version,
        agents=Agent.objects.filter(project_id=workflow.project_id).values_list("name", flat=True).all,
    )


def copy_of(workflow: Workflow, stage_ids: list[int]) -> list[Mapping[str, Json]]:
    """The blocks of these stages, in their order. Raises NotFound where one is gone."""
    draft = draft_of(workflow)
    places = sorted(draft.position(stage) for stage in dict.fromkeys(stage_ids))
    return [draft.stages[place] for place in places]


def _held(caller: Caller, workflow_id: int) -> Workflow:
    found = rows.query("SELECT project_id FROM builder_workflow WHERE id = %s", [workflow_id])
    if not found:
        raise NoSuchPart("workflow")
    require(caller, hold(found[0][0]), Role.EDITOR, missing=NoSuchPart("workflow").message)
    # Read only now: it may have changed, or gone, while the lock was waited for.
    held = with_version(Workflow.objects.filter(pk=workflow_id)).first()
    if held is None:
        raise NoSuchPart("workflow")
    return held
