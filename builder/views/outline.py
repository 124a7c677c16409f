"""The outline of a workflow."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from builder.models import Workflow
from builder.pages import assignment_drawer, stage_drawer
from builder.pages.outline import outline_page
from builder.queries import assignment_by_id, stage_by_id, workflow_by_id
from projects.access import Caller, Role, role_of
from projects.errors import NotFound

_DRAWER = re.compile(r"(stage|assignment):([1-9][0-9]{0,17})")


def caller_of(request: HttpRequest) -> Caller:
    """The signed-in user as a caller."""
    return Caller(request.user)  # type: ignore[arg-type]


def edits(caller: Caller, workflow: Workflow) -> bool:
    """Whether the caller may change the workflow."""
    role = role_of(caller, workflow.project)
    return role is not None and role >= Role.EDITOR


@require_GET
def outline(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """A workflow, stage by stage; `?drawer=stage:12` opens that drawer at once."""
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id)
    opened = _opened(caller, workflow, request.GET.get("drawer", ""))
    return render(request, "builder/outline.html", {**outline_page(caller, workflow), **opened})


def _opened(caller: Caller, workflow: Workflow, wanted: str) -> dict[str, Any]:
    """The drawer that the address asks for, if it belongs to this workflow."""
    found = _DRAWER.fullmatch(wanted)
    if found is None:
        return {}
    try:
        return _drawer(caller, workflow, found[1], int(found[2]))
    except NotFound:
        return {}


def _drawer(caller: Caller, workflow: Workflow, kind: str, part_id: int) -> dict[str, Any]:
    can_edit = edits(caller, workflow)
    if kind == "stage":
        stage = stage_by_id(caller, part_id)
        if stage.workflow_id != workflow.pk:
            return {}
        context = stage_drawer.drawer(stage, can_edit=can_edit, tab="main")
        return {"drawer_template": stage_drawer.TEMPLATE, **context}
    assignment = assignment_by_id(caller, part_id)
    if assignment.stage.workflow_id != workflow.pk:
        return {}
    return {
        "drawer_template": assignment_drawer.TEMPLATE,
        **assignment_drawer.drawer(assignment, can_edit=can_edit),
    }
