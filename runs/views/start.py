"""The run dialog."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from builder.models import Workflow
from builder.publish import current_version, frozen
from projects.access import Role, require
from projects.errors import BatonError, NotFound
from runs.operations import Start, start_run
from runs.pages import start_form
from runs.views.runs import caller_of


@require_http_methods(["GET", "POST"])
def run_dialog(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Ask for the input of a workflow, and start it. The dialog's key makes a second click harmless."""
    caller = caller_of(request)
    workflow = Workflow.objects.select_related("project", "current_version").filter(pk=workflow_id).first()
    if workflow is None:
        raise NotFound("There is no such workflow.")
    require(caller, workflow.project, Role.OPERATOR)
    schema = frozen(current_version(workflow).pk).workflow.input_schema
    if request.method == "GET":
        return _dialog(request, workflow, schema, key=uuid.uuid4().hex)
    key = request.POST.get("key", "")[:200]
    typed = start_form.typed_in(request.POST)
    text = request.POST.get("input", "").replace("\r\n", "\n")
    value = start_form.value_of(schema, typed) if schema and start_form.has_fields(schema) else text
    try:
        run, _ = start_run(workflow, value, Start("manual", caller.user.pk, key or None))
    except BatonError as error:
        names = start_form.names_of(schema)
        errors = start_form.errors_of(error.details, names, error.message)
        return _dialog(request, workflow, schema, key=key, typed=typed, text=text, errors=errors, status=422)
    address = reverse("run", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _dialog(
    request: HttpRequest,
    workflow: Workflow,
    schema: dict[str, Any] | None,
    *,
    key: str,
    typed: Mapping[str, str] | None = None,
    text: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = start_form.fields_of(schema, typed, errors) if schema and start_form.has_fields(schema) else []
    context = {
        "workflow": {"name": workflow.name, "description": workflow.description},
        "run_url": reverse("run-dialog", args=[workflow.pk]),
        "key": key,
        "fields": shown,
        "values": {"input": text},
        "errors": errors or {},
    }
    return render(request, "builder/_run_dialog.html", context, status=status)
