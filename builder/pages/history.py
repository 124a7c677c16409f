"""The history of a workflow: its edits, what each changed, and which runs used which revision."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.urls import reverse

from builder.errors import NoSuchPart, NoSuchRevision
from builder.history import name_of
from builder.models import Edit, Workflow
from builder.pages.differences import between, changes_of
from builder.pages.outline import tabs
from builder.presence import COLOURS, initials_of
from projects.access import Caller, Role, role_of

Json = Any
Made = TypeVar("Made", bound=Model)
PAGE = 50  # edits on a page
_RUNS = 3  # runs that are named beside a revision
_VERSIONS = 5  # versions that are named there
_MOST_RUNS = 500  # runs that are looked at for one page, the newest
_STATES = {Edit.State.UNDONE: "Undone", Edit.State.DROPPED: "Undone"}


def history_page(caller: Caller, workflow: Workflow, before: int | None = None) -> dict[str, Json]:
    """The context of builder/history.html: the newest edits, or those before the edit number `before`."""
    rows = Edit.objects.filter(workflow=workflow).order_by("-number").select_related("user", "undoes")
    edits = list((rows.filter(number__lt=before) if before is not None else rows)[: PAGE + 1])
    shown, older = edits[:PAGE], edits[PAGE:]
    can_edit = _can_edit(caller, workflow)
    address = reverse("workflow-history", args=[workflow.pk])
    runs, versions = _runs_of(workflow, shown), _versions_of(workflow, shown)
    made = _made_a_revision(edits, whole=not older)
    return {
        **_head(workflow),
        "tabs": tabs(workflow, "History"),
        "can_edit": can_edit,
        "commands_url": reverse("workflow-commands", args=[workflow.pk]),
        "compare_url": reverse("workflow-compare", args=[workflow.pk]),
        "edits": [
            {
                **_row(workflow, edit, made_revision=edit.pk in made, runs=runs.get(edit.pk, [])),
                "versions": _numbers(sorted(versions.get(edit.pk, ()))),
                "can_restore": can_edit
                and edit.pk in made
                and edit.version_id is not None
                and edit.revision != workflow.revision,
            }
            for edit in shown
        ],
        "older_url": f"{address}?before={shown[-1].number}" if older else "",
        "newest_url": address if before is not None else "",
    }


def edit_of_version(workflow: Workflow, number: int) -> str:
    """The address of the edit in the history that made the revision which version `number` was frozen from; that of the
    history where there is none."""
    address = reverse("workflow-history", args=[workflow.pk])
    edits = Edit.objects.filter(workflow=workflow).order_by("-number")
    found = edits.filter(version__number=number).first()
    if found is None:  # frozen after an agent or the default model was edited, which is no edit of the workflow
        made = workflow.versions.filter(number=number).values_list("created_at", flat=True).first()
        found = edits.filter(at__lte=made).first() if made is not None else None
    if found is None:
        return address
    maker = edits.filter(revision=found.revision).last() or found
    newer = edits.filter(number__gt=maker.number).count()
    return f"{address}{f'?before={maker.number + 1}' if newer >= PAGE else ''}#edit-{maker.number}"


def edit_page(caller: Caller, workflow: Workflow, number: int) -> dict[str, Json]:
    """The context of builder/edit.html: what one edit changed. Raises NotFound."""
    edit = Edit.objects.filter(workflow=workflow, number=number).select_related("user", "undoes").first()
    if edit is None:
        raise NoSuchPart("edit")
    return {
        **_head(workflow),
        "tabs": tabs(workflow, "History"),
        "edit": _row(workflow, edit, made_revision=True, runs=[]),
        "changes": changes_of(edit.patch, edit.renames),
        "history_url": reverse("workflow-history", args=[workflow.pk]),
    }


def compare_page(caller: Caller, workflow: Workflow, one: int, other: int) -> dict[str, Json]:
    """The context of builder/compare.html: what it takes from revision `one` to `other`. Raises NoSuchRevision."""
    first, last = sorted((one, other))
    before, after = _revision(workflow, first), _revision(workflow, last)
    return {
        **_head(workflow),
        "tabs": tabs(workflow, "History"),
        "first": {"revision": first, "at": before.at},
        "last": {"revision": last, "at": after.at},
        "changes": between(_block(before), _block(after), _renames(workflow, before, after)),
        "compare_url": reverse("workflow-compare", args=[workflow.pk]),
        "history_url": reverse("workflow-history", args=[workflow.pk]),
    }


def _head(workflow: Workflow) -> dict[str, Json]:
    return {
        "project": {"name": workflow.project.name, "url": reverse("project", args=[workflow.project.slug])},
        "workflow": {
            "name": workflow.name,
            "url": reverse("workflow", args=[workflow.pk]),
            "revision": workflow.revision,
        },
    }


def _can_edit(caller: Caller, workflow: Workflow) -> bool:
    role = role_of(caller, workflow.project)
    return role is not None and role.includes(Role.EDITOR)


def _row(workflow: Workflow, edit: Edit, *, made_revision: bool, runs: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    by = name_of(edit.user)
    return {
        "number": edit.number,
        "revision": edit.revision if made_revision else None,
        "current": edit.revision == workflow.revision,
        "by": by,
        "initials": initials_of(by),
        "colour": (edit.user_id or 0) % COLOURS,
        "at": edit.at,
        "what": edit.summary,
        "state": _STATES.get(Edit.State(edit.state), ""),
        "url": reverse("workflow-edit", args=[workflow.pk, edit.number]),
        "has_changes": bool(edit.patch or edit.renames),
        "runs": list(runs[:_RUNS]),
        "more_runs": max(0, len(runs) - _RUNS),
    }


# Revisions


def _made_a_revision(edits: Sequence[Edit], *, whole: bool) -> set[int]:
    """The edits (newest first) that raised the revision: moving cards does not. `whole`: the last is the very first."""
    made = {edit.pk for edit, older in pairwise(edits) if edit.revision != older.revision}
    return made | {edits[-1].pk} if edits and whole else made


def _revision(workflow: Workflow, revision: int) -> Edit:
    """The edit that a revision was made by, with what the workflow was after it."""
    edits = Edit.objects.filter(workflow=workflow, revision=revision, version__isnull=False)
    found = edits.select_related("version").order_by("number").first()
    if found is None:
        raise NoSuchRevision(workflow.name, revision)
    return found


def _block(edit: Edit) -> dict[str, Json]:
    assert edit.version is not None
    block: dict[str, Json] = edit.version.content["workflow"]
    return block


def _renames(workflow: Workflow, before: Edit, after: Edit) -> dict[str, str]:
    """How stages were renamed on the way, from the first name to the last."""
    way = Edit.objects.filter(workflow=workflow, number__gt=before.number, number__lte=after.number)
    names: dict[str, str] = {stage["name"]: stage["name"] for stage in _block(before)["stages"]}
    for renames in way.order_by("number").values_list("renames", flat=True):
        names = {first: renames.get(last, last) for first, last in names.items()}
    there = {stage["name"] for stage in _block(after)["stages"]}
    return {first: last for first, last in names.items() if first != last and last in there}


# Versions and runs


def _versions_of(workflow: Workflow, edits: Sequence[Edit]) -> dict[int, set[int]]:
    """The numbers of the versions that were frozen from what these edits (newest first) made: by the id of the edit.

    An edit knows its own. Those that no edit knows were frozen later, when an agent had been edited in between.
    """
    if not edits:
        return {}
    found: dict[int, set[int]] = {}
    own = dict(workflow.versions.filter(edits__in=edits).values_list("pk", "number"))
    for edit in edits:
        if edit.version_id in own:
            found.setdefault(_maker(edits, edit).pk, set()).add(own[edit.version_id])
    others = _while_these_were_newest(workflow.versions.filter(edits__isnull=True), workflow, edits)
    moments = [edit.at for edit in reversed(edits)]
    for number, at in others.order_by("-number").values_list("number", "created_at")[:_MOST_RUNS]:
        edit = edits[len(edits) - bisect_right(moments, at)]
        found.setdefault(_maker(edits, edit).pk, set()).add(number)
    return found


def _numbers(versions: Sequence[int]) -> str:
    """The newest of them, and how many more: an agent may be edited a hundred times between two edits of a workflow."""
    left = len(versions) - _VERSIONS
    return ", ".join(map(str, versions[-_VERSIONS:])) + (f" and {left} before" if left > 0 else "")


def _while_these_were_newest(rows: QuerySet[Made], workflow: Workflow, edits: Sequence[Edit]) -> QuerySet[Made]:
    """What came after the oldest of these edits (newest first) and before any newer edit."""
    rows = rows.filter(created_at__gte=edits[-1].at)
    newer = Edit.objects.filter(workflow=workflow, number__gt=edits[0].number).order_by("number").first()
    return rows if newer is None else rows.filter(created_at__lt=newer.at)


def _runs_of(workflow: Workflow, edits: Sequence[Edit]) -> dict[int, list[dict[str, Json]]]:
    """Which runs used what these edits (newest first) made, newest first: by the id of the edit.

    A run uses the revision that was there when it started; one with another version then had a newer agent in it.
    """
    if not edits:
        return {}
    rows = _while_these_were_newest(workflow.runs.all(), workflow, edits)
    moments: list[datetime] = [edit.at for edit in reversed(edits)]
    found: dict[int, list[dict[str, Json]]] = {}
    for pk, number, at in rows.order_by("-number").values_list("pk", "number", "created_at")[:_MOST_RUNS]:
        edit = edits[len(edits) - bisect_right(moments, at)]
        found.setdefault(_maker(edits, edit).pk, []).append({"number": number, "url": reverse("run", args=[pk])})
    return found


def _maker(edits: Sequence[Edit], edit: Edit) -> Edit:
    """The edit that made the revision which `edit` only moved cards in; the oldest that is shown, if it is not."""
    same = [other for other in edits if other.revision == edit.revision and other.number <= edit.number]
    return same[-1]
