"""The record of edits: kept with every change, gone back and forth by undo and redo, told to who meets a conflict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from builder import patches
from builder.errors import EditedMeanwhile
from builder.models import Edit, Workflow
from projects import rows

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Json = Any
_MOST_LOOKED_AT = 200  # edits that are searched for who changed something last
_LONGEST = 300
_TURNS = ("undo", "redo")
# Made on something that the workflow names: taken back there, or not at all.
_FROM_ELSEWHERE = ("delete_target", "rename_target", "rename_agent")
_NOT_UNDONE = (*_TURNS, "create", "import", *_FROM_ELSEWHERE)  # kinds of edits that cannot be taken back


@dataclass(frozen=True)
class Deed:
    """Who does what, for the record: `kind` is the command's name, `summary` what was done in words."""

    user: User | None
    kind: str
    summary: str
    renames: Mapping[str, str] = field(default_factory=dict)  # stages, old name to new
    undoes: Edit | None = None


def record(workflow: Workflow, deed: Deed, patch: patches.Patch) -> Edit:
    """Keep an edit of `workflow`, which is stored and published already. The caller holds the project's lock."""
    if deed.kind not in (*_TURNS, *_FROM_ELSEWHERE) and deed.user is not None:
        # Whoever goes on otherwise has nothing to redo.
        mine = {"workflow_id": workflow.pk, "user_id": deed.user.pk, "state": Edit.State.UNDONE.value}
        rows.update(Edit, mine, {"state": Edit.State.DROPPED.value})
    return Edit.objects.create(
        workflow=workflow,
        number=last_number(workflow.pk) + 1,
        revision=workflow.revision,
        user=deed.user,
        at=timezone.now(),
        kind=deed.kind,
        summary=deed.summary[:_LONGEST],
        patch=patch,
        renames=dict(deed.renames),
        version_id=workflow.current_version_id,
        undoes=deed.undoes,
    )


def last_number(workflow_id: int) -> int:
    """The number of the workflow's newest edit; 0 where it has none."""
    found = rows.query("SELECT MAX(number) FROM builder_edit WHERE workflow_id = %s", [workflow_id])
    return int(found[0][0] or 0)


def turnable(workflow: Workflow, user: User, newest: Edit | None = None) -> tuple[Edit | None, Edit | None]:
    """What the user can take back, and have again; `newest` is the workflow's newest edit, where it is known."""
    if newest is not None and newest.user_id == user.pk and newest.kind not in _NOT_UNDONE:
        return newest, None  # see `record`
    return to_undo(workflow, user), to_redo(workflow, user)


def to_undo(workflow: Workflow, user: User) -> Edit | None:
    """The user's newest change that can be taken back."""
    mine = Edit.objects.filter(workflow=workflow, user=user, state=Edit.State.DONE)
    return mine.exclude(kind__in=_NOT_UNDONE).order_by("-number").first()


def to_redo(workflow: Workflow, user: User) -> Edit | None:
    """What the user undid last and can have again."""
    mine = Edit.objects.filter(workflow=workflow, user=user, state=Edit.State.UNDONE)
    return mine.order_by("number").first()


def since(workflow_id: int, number: int) -> list[Edit]:
    """The edits after this one, oldest first."""
    edits = Edit.objects.filter(workflow_id=workflow_id, number__gt=number).order_by("number")
    return list(edits.select_related("user"))


def is_told_of_names(edits: Iterable[Edit]) -> bool:
    """Whether one of the edits is a new name, or the end, of something that the workflow names."""
    return any(edit.kind in _FROM_ELSEWHERE for edit in edits)


def name_conflict(error: EditedMeanwhile, workflow: Workflow) -> None:
    """Write into `error` who edited the object last, and when."""
    place = error.place
    for edit in Edit.objects.filter(workflow=workflow).order_by("-number").select_related("user")[:_MOST_LOOKED_AT]:
        past = {name: was for was, name in edit.renames.items()}
        renamed = place[0] == "stage" and place[1] in past
        if renamed or any(_concerns(tuple(entry["at"]), place) for entry in edit.patch):
            error.by, error.at = name_of(edit.user), edit.at
            return
        if len(place) > 1:  # the edits before it know the stage by its name of then
            place = (place[0], past.get(place[1], place[1]), *place[2:])


def _concerns(at: tuple[str, ...], place: tuple[str, ...]) -> bool:
    """Whether a change at `at` is one of the object at `place`."""
    if place[:1] == ("workflow",):
        return len(at) == 1 and at[0] not in ("stages", "triggers")
    if place[0] == "stage":
        return at[0] in ("stage", "route") and at[1] == place[1] and at[2:] != ("assignments",)
    return at[0] == "assignment" and at[1] == place[1] and at[2].split("\n")[0] == place[2]


def who_else(edit: Edit, at: Iterable[tuple[str, ...]], user: User) -> tuple[str, str, datetime | None]:
    """Who has changed one of the places `at` since `edit`, which object that is, and when."""
    wanted = [place[:2] for place in at]
    for later in since(edit.workflow_id, edit.number)[::-1]:
        for entry in later.patch:
            if tuple(entry["at"][:2]) in wanted:
                who = "You" if later.user_id == user.pk else name_of(later.user)
                return who, object_of(entry["at"]), later.at
    return "Somebody", object_of(next(iter(at), ("name",))), None


def object_of(at: Iterable[str]) -> str:
    """The object that a place of a patch lies in, in words."""
    parts = tuple(at)
    if parts[0] == "stages":
        return "the list of stages"
    if parts[0] in ("stage", "route", "place"):
        return f"stage {parts[1]}"
    return f"{parts[2].split(chr(10))[0]} on {parts[1]}" if parts[0] == "assignment" else "the workflow's settings"


def name_of(user: User | None) -> str:
    """A person as others are told of them."""
    return (user.get_full_name() or user.get_username()) if user is not None else "Somebody"
