"""The run dialog."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from builder.models import Workflow
from builder.queries import workflow_by_id
from projects.access import Role
from projects.errors import BatonError
from runs.operations import MAX_KEY, Start, start_run
from runs.pages import start_form
from runs.views.runs import caller_of


@require_http_methods(["GET", "POST"])
def run_dialog(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Ask for the input of a workflow, and start it. The dialog's key makes a second click harmless."""
    workflow = workflow_by_id(caller_of(request), workflow_id, Role.OPERATOR)
    if request.method == "POST":
        return _start(request, workflow)
    return _shown(request, start_form.dialog(workflow, uuid.uuid4().hex))


def _start(request: HttpRequest, workflow: Workflow) -> HttpResponse:
    key = request.POST.get("key", "")[:MAX_KEY]
    parts = start_form.parts_of(workflow.input_schema)
    typed = start_form.typed_in(request.POST)
    text = request.POST.get("input", "").replace("\r\n", "\n")
    value = start_form.value_of(parts, typed) if parts else text
    start = Start("manual", caller_of(request).user.pk, key or None)
    try:
        run, _ = start_run(workflow, value, start, read_json=True)
    except BatonError as error:
        errors = start_form.errors_of(error, parts, typed)
        return _shown(request, start_form.dialog(workflow, key, typed=typed, text=text, errors=errors), status=422)
    address = reverse("run", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _shown(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "builder/_run_dialog.html" if request.headers.get("HX-Request") else "runs/start.html"
    return render(request, template, context, status=status)
