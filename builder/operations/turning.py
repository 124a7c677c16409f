"""Back and forth: undo, redo, and the workflow as it once was."""

from __future__ import annotations

from typing import Any

from builder import patches
from builder.canonical import block_of, shared_block_of
from builder.errors import CannotUndo, NoSuchRevision
from builder.history import Deed, to_redo, to_undo, who_else
from builder.models import Edit, Workflow
from builder.operations.placing import places_in, put_places
from builder.operations.storing import note, store_over
from builder.publish import read_stored
from builder.spec import FrozenVersion
from projects.access import Caller
from projects.errors import Invalid

Block = dict[str, Any]


def undo(caller: Caller, workflow: Workflow) -> Edit:
    """Take the caller's last change back. Raises CannotUndo where there is none, or where others built on it."""
    last = to_undo(workflow, caller.user)
    if last is None:
        raise CannotUndo("There is nothing of yours to undo.")
    back = {name: was for was, name in last.renames.items()}
    deed = Deed(caller.user, "undo", f"Undid: {last.summary}", back, last)
    done = _turn(caller, workflow, last, patches.turned(last.patch), deed, rename_first=False)
    Edit.objects.filter(pk=last.pk).update(state=Edit.State.UNDONE)
    return done


def redo(caller: Caller, workflow: Workflow) -> Edit:
    """Do again what the caller undid last. Raises CannotUndo where there is nothing, or others built on it."""
    last = to_redo(workflow, caller.user)
    if last is None:
        raise CannotUndo("There is nothing of yours to redo.")
    deed = Deed(caller.user, "redo", f"Did again: {last.summary}", last.renames, last)
    done = _turn(caller, workflow, last, last.patch, deed, rename_first=True)
    Edit.objects.filter(pk=last.pk).update(state=Edit.State.DONE)
    return done


def restore(caller: Caller, workflow: Workflow, revision: int) -> Edit | None:
    """Make the workflow what it was after the edit with this revision; its name stays, and triggers come back off."""
    edits = Edit.objects.filter(workflow=workflow, revision=revision, version__isnull=False)
    edit = edits.select_related("version").order_by("-number").first()
    if edit is None or edit.version is None:
        raise NoSuchRevision(workflow.name, revision)
    block = block_of(FrozenVersion.model_validate(edit.version.content).workflow)
    deed = Deed(caller.user, "restore", f"Restored revision {revision}")
    return store_over(workflow, {**block, "name": workflow.name}, deed, once_called=edit.version.workflow_name)


def _turn(
    caller: Caller, workflow: Workflow, edit: Edit, patch: patches.Patch, deed: Deed, *, rename_first: bool
) -> Edit:
    """Apply a patch of the past to what is there now."""
    places = places_in(patch)
    inside = [entry for entry in patch if entry["at"][0] != "place"]
    if not inside and not deed.renames:
        return note(workflow, deed, put_places(workflow, places))
    block = shared_block_of(read_stored(workflow))
    try:
        if rename_first:
            block = patches.applied(patches.renamed(block, deed.renames), inside)
        else:
            block = patches.renamed(patches.applied(block, inside), deed.renames)
    except patches.ClashError as clash:
        who, what, _ = who_else(edit, clash.at, caller.user)
        again = "redo" if rename_first else "undo"
        raise CannotUndo(f"{who} changed {what} since: to {again} “{edit.summary}” would lose that.") from None
    try:
        stored = store_over(workflow, block, deed, places=places)
    except Invalid as error:
        told = "; ".join(f"{detail.path} {detail.message}" for detail in error.details[:3])
        raise CannotUndo(f"“{edit.summary}” cannot be turned back any more: {told or error.message}") from None
    return stored or note(workflow, deed, put_places(workflow, places))
