"""The drawers of one outcome, and of the workflow that one leads to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.commands import RemoveOutcome
from builder.errors import EditedMeanwhile
from builder.models import Stage
from builder.operations.editing import edit
from builder.pages import outcome_drawer as page
from builder.pages.routing_rows import Row
from builder.pages.touched import posted_marks, touched
from builder.pages.typed import whole
from builder.queries import stage_by_id
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role
from projects.errors import Invalid

_TEMPLATES = {"outcome": page.TEMPLATE, "target": page.TARGET_TEMPLATE}


@require_http_methods(["GET", "POST"])
def outcome(request: HttpRequest, stage_id: int) -> HttpResponse:
    """One outcome of a stage, `?label=approve`."""
    return _drawer(request, stage_id, "outcome")


@require_http_methods(["GET", "POST"])
def target(request: HttpRequest, stage_id: int) -> HttpResponse:
    """The workflow that an outcome of a stage leads to, `?label=approve`."""
    return _drawer(request, stage_id, "target")


def _drawer(request: HttpRequest, stage_id: int, kind: str) -> HttpResponse:
    caller = caller_of(request)
    found = stage_by_id(caller, stage_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    label = request.GET.get("label", "")
    _, block = page.block_of_stage(found, label)
    stored = page.stored_row(block, label)
    if kind == "target" and stored["goes_to"] != "workflow":
        if request.method == "POST":
            return _gone(request, found, label, page.posted_row(request.POST, stored | {"goes_to": "workflow"}))
        kind = "outcome"  # what is left of it
    if request.method == "GET":
        context = page.drawer(found, label, kind=kind, can_edit=edits(caller, found.workflow))
        return show(request, found.workflow, _TEMPLATES[kind], context)
    if request.POST.get("keep") == "theirs":
        return redirect(page.address(found, label, kind))
    if "delete" in request.POST:
        return _delete(request, caller, found, label, kind)
    row = page.posted_row(request.POST, stored)
    if "check" in request.POST:
        return _again(request, found, label, kind, row, {}, 200)
    return _save(request, caller, found, label, kind, row)


def _delete(request: HttpRequest, caller: Caller, found: Stage, label: str, kind: str) -> HttpResponse:
    try:
        done = edit(caller, found.workflow_id, RemoveOutcome(do="remove_outcome", stage=found.pk, label=label))
    except Invalid as error:
        told = "; ".join(detail.message for detail in error.details)
        row = page.stored_row(page.block_of_stage(found, label)[1], label)
        return _again(request, found, label, kind, row, {"form": told or error.message}, error.status)
    return saved(request, done.workflow, f"Deleted {label}.", undo=True)


def _gone(request: HttpRequest, found: Stage, label: str, row: Row) -> HttpResponse:
    """Somebody deleted the target, or led the outcome elsewhere: what was typed for it stays, for another one."""
    row["errors"] = {"workflow": "choose the workflow that it leads to now"}
    told = "Meanwhile this outcome leads to no workflow any more. What you typed is kept."
    return _again(request, found, label, "outcome", row, {"form": told}, 422)


def _again(
    request: HttpRequest, found: Stage, label: str, kind: str, row: Row, errors: dict[str, str], status: int
) -> HttpResponse:
    context = page.drawer(
        found,
        label,
        kind=kind,
        can_edit=True,
        row=row,
        errors=errors,
        marks=posted_marks(request.POST),
        version=whole(request.POST, "version"),
    )
    return show(request, found.workflow, _TEMPLATES[kind], context, status)


def _save(request: HttpRequest, caller: Caller, found: Stage, label: str, kind: str, row: Row) -> HttpResponse:
    workflow = found.workflow
    _, block = page.block_of_stage(found, label)
    if not touched(page.meaning(row), posted_marks(request.POST)):
        return saved(request, workflow, f"Saved {label}")
    command = page.command(found, block, label, row, whole(request.POST, "version"))
    try:
        edit(caller, found.workflow_id, command)
    except EditedMeanwhile as error:
        found = stage_by_id(caller, found.pk)
        conflict = page.after_conflict(found, label, row, error, kind)
        context = page.drawer(found, label, kind=kind, can_edit=True, row=row, conflict=conflict)
        return show(request, workflow, _TEMPLATES[kind], context, error.status)
    except Invalid as error:
        errors = page.put_errors(row, block, label, error.details, found.position, error.message)
        return _again(request, found, label, kind, row, errors, error.status)
    return saved(request, workflow, f"Saved {row['name']}")
