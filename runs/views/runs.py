"""The run page, its fragments, its controls, and the lists of runs."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from projects.access import Role
from projects.errors import BatonError
from runs import control, queries
from runs.models import WorkflowRun
from runs.pages import run_page as pages
from runs.pages.agent_drawer import agent_drawer
from runs.pages.inbox import open_count
from runs.pages.run_page import TABS
from runs.pages.stage_drawer import older_visits, stage_drawer
from runs.views.asking import caller_of as caller_of
from runs.views.asking import number_of
from runs.views.asking import operates as operates
from runs.views.posting import posted_from
from runs.views.run_tabs import tab_page


@require_GET
def run_page(request: HttpRequest, run_id: str) -> HttpResponse:
    """A run, as it stands now; the socket brings the rest."""
    caller = caller_of(request)
    tab = request.GET.get("tab", "live")
    run = queries.run_for(caller, run_id, whole=tab == "results")
    can_control = operates(caller, run.project)
    if tab in TABS and tab != "live":
        return render(request, "runs/run.html", tab_page(request, run, tab, can_control=can_control))
    return render(request, "runs/run.html", pages.page(run, can_control=can_control, viewer=caller))


@require_GET
def sync(request: HttpRequest, run_id: str) -> HttpResponse:
    """What a page that is at event `since` has missed."""
    caller = caller_of(request)
    run = queries.run_for(caller, run_id, whole=False)
    since = number_of(request.GET.get("since"), 0)
    can_control = operates(caller, run.project)
    tab = request.GET.get("tab", "live")
    context = pages.missed(run, tab, since, can_control=can_control, viewer=caller)
    return render(request, "runs/_sync.html", {**context, "approvals": open_count(caller)})


@require_GET
def older_events(request: HttpRequest, run_id: str) -> HttpResponse:
    """The next older part of the timeline."""
    run = queries.run_for(caller_of(request), run_id)
    return render(
        request, "runs/_events.html", pages.older_events(run, number_of(request.GET.get("before"), run.seq + 1))
    )


@require_GET
def agent(request: HttpRequest, run_id: str, agent_run: str) -> HttpResponse:
    """One agent's work, in a drawer."""
    run = queries.run_for(caller_of(request), run_id)
    return render(request, "runs/_agent_drawer.html", agent_drawer(run, agent_run))


@require_GET
def stage(request: HttpRequest, run_id: str, number: int) -> HttpResponse:
    """One stage of the run, in a drawer; with `before`, only its visits below that one."""
    caller = caller_of(request)
    run = queries.run_for(caller, run_id)
    if before := number_of(request.GET.get("before"), 0):
        return render(request, "runs/_visits.html", older_visits(run, number, before))
    shown = stage_drawer(run, number, can_control=operates(caller, run.project))
    return render(request, "runs/_stage_drawer.html", shown)


def _control(request: HttpRequest, run_id: str, act: Callable[[WorkflowRun, str], None]) -> HttpResponse:
    caller = caller_of(request)
    run = queries.run_for(caller, run_id, Role.OPERATOR)
    try:
        act(run, caller.user.get_username())
    except BatonError as error:
        messages.warning(request, error.message)
    address = reverse("run", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


@posted_from("run")
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    """Cancel a run and, unless `cascade` is 0, the children it waits for."""
    cascade = request.POST.get("cascade", "1") != "0"
    return _control(request, run_id, lambda run, by: control.cancel_started_run(run.pk, by=by, cascade=cascade))


@posted_from("run")
def pause(request: HttpRequest, run_id: str) -> HttpResponse:
    """Pause a run at its next boundary."""
    return _control(request, run_id, lambda run, by: control.pause_run(run.pk, by=by))


@posted_from("run")
def resume(request: HttpRequest, run_id: str) -> HttpResponse:
    """Let a paused run go on."""
    return _control(request, run_id, lambda run, by: control.resume_run(run.pk, by=by))
