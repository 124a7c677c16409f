"""The two drawers that edit a workflow. Without htmx they stand on the whole page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from builder.errors import EditedMeanwhile
from builder.models import Stage, Workflow
from builder.operations import update_assignment, update_stage_outcomes
from builder.operations.assignments import assignment_path
from builder.pages import assignment_drawer, routing_rows, stage_drawer
from builder.pages.outline import outline_page, saved_part
from builder.pages.typed import whole
from builder.queries import assignment_by_id, stage_by_id
from builder.validation import path_text
from builder.views.outline import caller_of, edits
from projects.access import Role
from projects.errors import Invalid, NotSupported


def _drawer(
    request: HttpRequest, workflow: Workflow, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        page = outline_page(caller_of(request), workflow)
        context, template = {**page, "drawer_template": template, **context}, "builder/outline.html"
    return render(request, template, context, status=status)


def _saved(request: HttpRequest, stage: Stage, name: str) -> HttpResponse:
    """What has changed on the page, and the drawer closed."""
    text = f"Saved {name}"
    if request.headers.get("HX-Request"):
        return render(request, "builder/_saved.html", {**saved_part(stage), "text": text})
    messages.success(request, text)
    return redirect("workflow", stage.workflow_id)


@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """The assignment drawer: shown, or saved."""
    if request.method == "POST":
        return _save_assignment(request, assignment_id)
    caller = caller_of(request)
    found = assignment_by_id(caller, assignment_id)
    workflow = found.stage.workflow
    context = assignment_drawer.drawer(found, can_edit=edits(caller, workflow))
    return _drawer(request, workflow, assignment_drawer.TEMPLATE, context)


def _save_assignment(request: HttpRequest, assignment_id: int) -> HttpResponse:
    caller = caller_of(request)
    found = assignment_by_id(caller, assignment_id, Role.EDITOR)
    values = assignment_drawer.posted_values(request.POST)
    changes = assignment_drawer.changes_of(values, found)
    try:
        saved = update_assignment(caller, found.pk, version=whole(request.POST, "version"), changes=changes)
    except EditedMeanwhile as error:
        found = assignment_by_id(caller, assignment_id)
        conflict = assignment_drawer.conflict_of(found, values)
        context = assignment_drawer.drawer(found, can_edit=True, values=values, conflict=conflict)
        status = error.status
    except (Invalid, NotSupported) as error:
        errors = assignment_drawer.errors_of(error.details, assignment_path(found), error.message)
        context = assignment_drawer.drawer(found, can_edit=True, values=values, errors=errors)
        # The form stays on what it was made from: whoever saves after a mistake is still told of a conflict.
        context["version"] = whole(request.POST, "version")
        status = error.status
    else:
        return _saved(request, saved.stage, saved.agent.name)
    return _drawer(request, found.stage.workflow, assignment_drawer.TEMPLATE, context, status)


@require_http_methods(["GET", "POST"])
def stage(request: HttpRequest, stage_id: int) -> HttpResponse:
    """The stage drawer: shown, or saved; its rows change and are checked without being saved."""
    caller = caller_of(request)
    found = stage_by_id(caller, stage_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    if request.method == "GET":
        tab = request.GET.get("tab", "main")
        context = stage_drawer.drawer(found, can_edit=edits(caller, found.workflow), tab=tab)
        return _drawer(request, found.workflow, stage_drawer.TEMPLATE, context)
    rows = routing_rows.posted_rows(request.POST)
    if "add" in request.POST:
        return _unsaved(request, found, routing_rows.with_one_more(rows))
    if "remove" in request.POST:
        return _unsaved(request, found, routing_rows.without(rows, request.POST["remove"]))
    if "check" in request.POST:
        return _unsaved(request, found, rows)
    return _save_stage(request, found, rows)


def _unsaved(request: HttpRequest, found: Stage, rows: list[routing_rows.Row]) -> HttpResponse:
    context = stage_drawer.drawer(found, can_edit=True, tab="routing", rows=rows)
    context["version"] = whole(request.POST, "version")
    return _drawer(request, found.workflow, stage_drawer.TEMPLATE, context)


def _save_stage(request: HttpRequest, found: Stage, rows: list[routing_rows.Row]) -> HttpResponse:
    caller = caller_of(request)
    version = whole(request.POST, "version")
    edited, default = routing_rows.edits_of(rows), routing_rows.default_of(rows)
    try:
        saved = update_stage_outcomes(caller, found.pk, version=version, outcomes=edited, default_outcome=default)
    except EditedMeanwhile as error:
        found = stage_by_id(caller, found.pk)
        conflict = stage_drawer.conflict_of(found, rows)
        context = stage_drawer.drawer(found, can_edit=True, tab="routing", rows=rows, conflict=conflict)
        status = error.status
    except Invalid as error:
        errors = routing_rows.put_errors(rows, error.details, path_text(("stages", found.position)), error.message)
        context = stage_drawer.drawer(found, can_edit=True, tab="routing", rows=rows, errors=errors)
        context["version"] = version
        status = error.status
    else:
        return _saved(request, saved, saved.name)
    return _drawer(request, found.workflow, stage_drawer.TEMPLATE, context, status)
