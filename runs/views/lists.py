"""The lists of runs: of a project and of a workflow; saved views."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from builder.models import Workflow
from projects.access import project_for, role_of
from projects.errors import Invalid, NotFound
from projects.models import Project
from runs import saved_views
from runs.finding import wanted_from
from runs.pages import listing
from runs.views.posting import posted_from
from runs.views.runs import caller_of, operates


def _workflow_for(request: HttpRequest, workflow_id: int) -> Workflow:
    workflow = Workflow.objects.select_related("project").filter(pk=workflow_id).first()
    if workflow is None or role_of(caller_of(request), workflow.project) is None:
        raise NotFound("There is no such workflow.")
    return workflow


@require_GET
def project_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """The runs of a project, newest first."""
    return _list(request, project_for(caller_of(request), slug), None)


@require_GET
def workflow_runs(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """The runs of one workflow, newest first."""
    workflow = _workflow_for(request, workflow_id)
    return _list(request, workflow.project, workflow)


def _list(request: HttpRequest, project: Project, workflow: Workflow | None) -> HttpResponse:
    place = listing.place_from(project, workflow, request.GET.dict())
    caller = caller_of(request)
    context = listing.listing(place, caller.user, can_run=operates(caller, project))
    template = "runs/_list_fold.html" if request.headers.get("HX-Request") else "runs/list.html"
    return render(request, template, context, status=422 if context["errors"] else 200)


@require_GET
def project_runs_sync(request: HttpRequest, slug: str) -> HttpResponse:
    """What a live list of a project has missed."""
    return _sync(request, project_for(caller_of(request), slug), None)


@require_GET
def workflow_runs_sync(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """What a live list of a workflow has missed."""
    workflow = _workflow_for(request, workflow_id)
    return _sync(request, workflow.project, workflow)


def _sync(request: HttpRequest, project: Project, workflow: Workflow | None) -> HttpResponse:
    given = request.GET.dict()
    return render(request, "runs/_list_sync.html", listing.news(listing.place_from(project, workflow, given), given))


@posted_from("project-runs")
def save_view(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what the list is narrowed to under a name."""
    caller = caller_of(request)
    project = project_for(caller, slug)
    given = dict(parse_qsl(request.POST.get("query", "")[:4000]))
    wanted = wanted_from(given)
    name = request.POST.get("name", "").strip()
    try:
        made = saved_views.save_view(caller.user, project, name, wanted)
    except Invalid as error:
        place = listing.place_from(project, None, given)
        context = listing.listing(place, caller.user, can_run=operates(caller, project))
        shown = {**context, "view_name": name, "view_error": error.message}
        return render(request, "runs/list.html", shown, status=422)
    messages.success(request, f"Saved the view {made.name}")
    return HttpResponseRedirect(f"{reverse('project-runs', args=[slug])}?{made.query}")


def delete_view(request: HttpRequest, slug: str, view_id: int) -> HttpResponse:
    """Forget one of one's own views."""
    project = project_for(caller_of(request), slug)
    if request.method == "POST":
        name = saved_views.delete_view(_user(request), project, view_id)
        if name:
            messages.success(request, f"Deleted the view {name}")
    return HttpResponseRedirect(reverse("project-runs", args=[slug]))


def _user(request: HttpRequest) -> User:
    return caller_of(request).user
