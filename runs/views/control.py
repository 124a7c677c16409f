"""The dialogs of control: what a stop ends, a message to a run, and running a run again."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from projects.access import Role
from projects.errors import BatonError
from runs import control, queries
from runs.models import WorkflowRun
from runs.operations import MAX_KEY, Start
from runs.pages import control as pages
from runs.reruns import Choice, children_before, failed_stage, rerun
from runs.views.runs import caller_of


def _asked(request: HttpRequest, run_id: str) -> WorkflowRun:
    return queries.run_for(caller_of(request), run_id, Role.OPERATOR)


def _shown(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A dialog, on a page of its own for whoever comes without htmx."""
    if request.headers.get("HX-Request"):
        return render(request, f"runs/_{name}_dialog.html", context, status=status)
    return render(request, "runs/control.html", {**context, "dialog": f"runs/_{name}_dialog.html"}, status=status)


def _to(request: HttpRequest, run: WorkflowRun) -> HttpResponse:
    address = reverse("run", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


@require_GET
def stop_dialog(request: HttpRequest, run_id: str) -> HttpResponse:
    """Say what a stop ends; its form goes to the address of cancel."""
    return _shown(request, "stop", pages.stop_dialog(_asked(request, run_id)))


@require_http_methods(["GET", "POST"])
def message_dialog(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask for a message, and send it."""
    run = _asked(request, run_id)
    context = {**pages.shown(run), "message_url": reverse("run-message", args=[run.pk]), "errors": {}, "text": ""}
    if request.method == "GET":
        return _shown(request, "message", context)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        control.send_message(run.pk, text, by=caller_of(request).user.get_username())
    except BatonError as error:
        errors = {"text": error.details[0].message if error.details else ""} if error.status == 422 else {}
        errors = errors or {"form": error.message}
        return _shown(request, "message", {**context, "text": text, "errors": errors}, status=422)
    return _to(request, run)


@require_http_methods(["GET", "POST"])
def again_dialog(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask how a finished run is run again, and start that. The dialog's key makes a second click harmless."""
    run = _asked(request, run_id)
    if request.method == "GET":
        chosen = {"stage": request.GET["from"]} if "from" in request.GET else None
        dialog = pages.again_dialog(run, uuid.uuid4().hex, retry="retry" in request.GET, sent=chosen)
        return _shown(request, "again", dialog)
    key = request.POST.get("key", "")[:MAX_KEY]
    stage = request.POST.get("stage") or None
    children = [str(child) for child in request.POST.getlist("again")]
    version = "same" if request.POST.get("version") == "same" else "current"
    # A child of a stage that runs anyway is started by it: there is nothing to run again.
    kept = {call.child_id for call in children_before(run, stage)}
    again = tuple(child for each in children if (child := queries.as_uuid(each)) in kept)
    retry = bool(request.POST.get("retry"))
    start = Start(_origin(run, stage), caller_of(request).user.pk, key or None)
    try:
        new, _ = rerun(run, Choice(stage, "same" if version == "same" else "current", again), start)
    except BatonError as error:
        sent = {"stage": stage or "", "version": version, "children": children}
        context = pages.again_dialog(run, key, retry=retry, sent=sent, errors=_errors(error))
        return _shown(request, "again", context, status=422)
    return _to(request, new)


def _origin(run: WorkflowRun, stage: str | None) -> str:
    return "retry" if stage is not None and run.status == "failed" and stage == failed_stage(run) else "rerun"


def _errors(error: BatonError) -> dict[str, str]:
    at_stage = any(detail.path == "from_stage" for detail in error.details)
    return {"stage" if at_stage else "form": error.message}
