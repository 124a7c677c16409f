"""The dialog of dry runs, and which routes were ever taken."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from builder.models import Workflow
from builder.queries import workflow_by_id
from projects.access import Role
from projects.errors import BatonError
from runs.dry_runs import definition_of, dry_run
from runs.exercised import routes_of
from runs.operations import MAX_KEY, Start
from runs.pages import start_form
from runs.pages.dry_form import DryForm
from runs.pages.taken import never_taken, route_json
from runs.views.runs import caller_of


@require_http_methods(["GET", "POST"])
def dry_run_dialog(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Ask what stand-ins do, and start the dry run. The dialog's key makes a second click harmless."""
    workflow = workflow_by_id(caller_of(request), workflow_id, Role.OPERATOR)
    form = DryForm(workflow, definition_of(workflow))
    if request.method == "POST":
        return _start(request, workflow, form)
    return _shown(request, form.context(uuid.uuid4().hex, {}, "", {}))


def _start(request: HttpRequest, workflow: Workflow, form: DryForm) -> HttpResponse:
    caller = caller_of(request)
    key = request.POST.get("key", "")[:MAX_KEY]
    sent = {name: str(request.POST.get(name, "")).replace("\r\n", "\n") for name in request.POST}
    parts = start_form.parts_of(workflow.input_schema)
    value = start_form.value_of(parts, start_form.typed_in(request.POST)) if parts else sent.get("input", "")
    start = Start("manual", caller.user.pk, key or None)
    try:
        run, _ = dry_run(caller, workflow, form.plan(sent), value, start, read_json=True)
    except BatonError as error:
        context = form.context(key, sent, sent.get("input", ""), form.errors(error, sent))
        return _shown(request, context, status=422)
    address = reverse("run", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _shown(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "runs/_dry_run_dialog.html" if request.headers.get("HX-Request") else "runs/dry_run.html"
    return render(request, template, context, status=status)


@require_GET
def taken(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """The routes that no run has ever taken, as a part of the builder's pages; `?as=json` tells of all routes."""
    workflow = workflow_by_id(caller_of(request), workflow_id)
    if request.GET.get("as") == "json":
        return JsonResponse({"routes": [route_json(route) for route in routes_of(workflow)]})
    return render(request, "runs/_never_taken.html", never_taken(workflow))
