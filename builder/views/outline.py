"""The outline of a workflow, and its two drawers."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Assignment, Stage, Workflow
from builder.operations import update_assignment, update_stage_outcomes
from builder.operations.assignments import assignment_path
from builder.pages import assignment_drawer, stage_drawer
from builder.pages.outline import outline_page, shown_workflow, stage_card
from builder.reading import with_parts, workflow_spec
from projects.access import Caller, Role, require, role_of
from projects.errors import Invalid, NotFound, NotSupported

_DRAWER = re.compile(r"(stage|assignment):([1-9][0-9]{0,17})")


def _caller(request: HttpRequest) -> Caller:
    return Caller(request.user)  # type: ignore[arg-type]


@require_GET
def outline(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """A workflow, stage by stage; `?drawer=stage:12` opens that drawer at once."""
    caller = _caller(request)
    workflow = Workflow.objects.select_related("project").filter(pk=workflow_id).first()
    if workflow is None:
        raise NotFound("There is no such workflow.")
    require(caller, workflow.project, Role.VIEWER)
    context = {**outline_page(caller, workflow), **_opened(caller, workflow, request.GET.get("drawer", ""))}
    return render(request, "builder/outline.html", context)


def _opened(caller: Caller, workflow: Workflow, wanted: str) -> dict[str, Any]:
    """The drawer that the address asks for, if it belongs to this workflow."""
    found = _DRAWER.fullmatch(wanted)
    if found is None:
        return {}
    try:
        if found[1] == "stage":
            stage, can_edit = _stage(caller, int(found[2]))
            if stage.workflow_id != workflow.pk:
                return {}
            drawer = stage_drawer.drawer(stage, can_edit=can_edit, tab="main")
            return {"drawer_template": "builder/_stage_drawer.html", **drawer}
        assignment, can_edit = _assignment(caller, int(found[2]))
    except NotFound:
        return {}
    if assignment.stage.workflow_id != workflow.pk:
        return {}
    drawer = assignment_drawer.drawer(assignment, can_edit=can_edit)
    return {"drawer_template": "builder/_assignment_drawer.html", **drawer}


# Assignments


def _assignment(caller: Caller, assignment_id: int) -> tuple[Assignment, bool]:
    rows = Assignment.objects.select_related("agent", "stage__workflow__project")
    found = rows.filter(pk=assignment_id).first()
    if found is None:
        raise NoSuchPart("assignment")
    project = found.stage.workflow.project
    require(caller, project, Role.VIEWER)
    role = role_of(caller, project)
    return found, role is not None and role >= Role.EDITOR


@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """The assignment drawer: shown, or saved."""
    caller = _caller(request)
    found, can_edit = _assignment(caller, assignment_id)
    if request.method == "GET":
        return _assignment_drawer(request, assignment_drawer.drawer(found, can_edit=can_edit))
    require(caller, found.stage.workflow.project, Role.EDITOR)
    values = assignment_drawer.posted_values(request.POST)
    version = found.version if request.POST.get("keep") == "mine" else _version(request)
    try:
        changes = assignment_drawer.changes_of(values, found)
        saved = update_assignment(caller, found.pk, version=version, changes=changes)
    except EditedMeanwhile:
        fresh, _ = _assignment(caller, assignment_id)
        conflict = assignment_drawer.conflict_of(fresh, values)
        shown = assignment_drawer.drawer(fresh, can_edit=True, values=values, conflict=conflict)
        return _assignment_drawer(request, shown, status=409)
    except (Invalid, NotSupported) as error:
        errors = assignment_drawer.errors_of(error.details, assignment_path(found), error.message)
        shown = assignment_drawer.drawer(found, can_edit=True, values=values, errors=errors)
        return _assignment_drawer(request, shown, status=422)
    return _saved(request, saved.stage_id, f"Saved {found.agent.name}")


def _assignment_drawer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "builder/_assignment_drawer.html", context, status=status)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _saved(request: HttpRequest, stage_id: int, text: str) -> HttpResponse:
    """The stage's card anew, and the drawer closed."""
    stage = Stage.objects.get(pk=stage_id)
    workflow = with_parts(Workflow.objects.filter(pk=stage.workflow_id)).get()
    spec = workflow_spec(workflow)
    held = next(row for row in workflow.stages.all() if row.pk == stage_id)
    targets = dict(Workflow.objects.filter(project=workflow.project_id).values_list("name", "pk"))
    card = stage_card(held, spec, targets, can_edit=True)
    context = {"stage": card, "can_edit": True, "workflow": shown_workflow(workflow), "text": text}
    return render(request, "builder/_saved.html", context)


# Stages


def _stage(caller: Caller, stage_id: int) -> tuple[Stage, bool]:
    found = Stage.objects.select_related("workflow__project").filter(pk=stage_id).first()
    if found is None:
        raise NoSuchPart("stage")
    require(caller, found.workflow.project, Role.VIEWER)
    role = role_of(caller, found.workflow.project)
    return found, role is not None and role >= Role.EDITOR


@require_http_methods(["GET", "POST"])
def stage(request: HttpRequest, stage_id: int) -> HttpResponse:
    """The stage drawer: shown, its rows added or removed without saving, or saved."""
    caller = _caller(request)
    found, can_edit = _stage(caller, stage_id)
    if request.method == "GET":
        tab = request.GET.get("tab", "main")
        return _stage_drawer(request, stage_drawer.drawer(found, can_edit=can_edit, tab=tab))
    require(caller, found.workflow.project, Role.EDITOR)
    rows = stage_drawer.posted_rows(request.POST)
    default = request.POST.get("default_outcome", "")
    if "add" in request.POST or "remove" in request.POST:
        rows = stage_drawer.with_one_more(rows) if "add" in request.POST else _removed(request, rows)
        shown = stage_drawer.drawer(found, can_edit=True, tab="routing", rows=rows, default_outcome=default, dirty=True)
        return _stage_drawer(request, shown)
    return _save_stage(request, caller, found, rows, default)


def _removed(request: HttpRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return stage_drawer.without(rows, request.POST["remove"])


def _save_stage(
    request: HttpRequest, caller: Caller, found: Stage, rows: list[dict[str, Any]], default: str
) -> HttpResponse:
    version = found.version if request.POST.get("keep") == "mine" else _version(request)
    edits = stage_drawer.edits_of(rows)
    try:
        update_stage_outcomes(caller, found.pk, version=version, outcomes=edits, default_outcome=default or None)
    except EditedMeanwhile as error:
        fresh, _ = _stage(caller, found.pk)
        conflict = stage_drawer.conflict_of(fresh, rows, error.details)
        shown = stage_drawer.drawer(
            fresh, can_edit=True, tab="routing", rows=rows, default_outcome=default, conflict=conflict, dirty=True
        )
        return _stage_drawer(request, shown, status=409)
    except Invalid as error:
        errors = stage_drawer.put_errors(rows, error.details, found.position, error.message)
        shown = stage_drawer.drawer(
            found, can_edit=True, tab="routing", rows=rows, default_outcome=default, errors=errors, dirty=True
        )
        return _stage_drawer(request, shown, status=422)
    return _saved(request, found.pk, f"Saved {found.name}")


def _stage_drawer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "builder/_stage_drawer.html", context, status=status)
