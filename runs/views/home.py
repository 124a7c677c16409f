"""The projects, and one project with its workflows and what is running in it."""

from __future__ import annotations

from django.contrib import messages
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from builder.pages.settings import settings_page
from projects.access import Role, project_for
from projects.errors import Conflict, Invalid
from projects.operations import create_project
from runs import removal
from runs.pages import home as pages
from runs.views.posting import posted_from
from runs.views.runs import caller_of, operates


@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    """The projects of the viewer."""
    return render(request, "projects/list.html", pages.project_cards(caller_of(request)))


@posted_from("projects")
def new_project(request: HttpRequest) -> HttpResponse:
    """Create a project and go there."""
    caller = caller_of(request)
    name = request.POST.get("name", "").strip()
    try:
        made = create_project(caller, name)
    except Invalid as error:
        context = {**pages.project_cards(caller), "errors": {"name": error.message}, "typed": name}
        return render(request, "projects/list.html", context, status=422)
    return HttpResponseRedirect(reverse("project", args=[made.slug]))


@posted_from("projects")
def load_demo(request: HttpRequest) -> HttpResponse:
    """Load the demo project for the viewer."""
    call_command("load_demo", owner=request.user.get_username())
    return HttpResponseRedirect(reverse("projects"))


@posted_from("project-settings")
def delete_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a project whose name was typed."""
    caller = caller_of(request)
    found = project_for(caller, slug, Role.OWNER)
    typed = request.POST.get("name", "").strip()
    try:
        if typed != found.name:
            raise Invalid(f"Type the name of the project, {found.name}, to delete it.")
        removal.delete_project(caller, found)
    except (Conflict, Invalid) as error:
        context = settings_page(caller, found, delete_error=error.message, delete_typed=typed)
        return render(request, "projects/settings.html", context, status=error.status)
    messages.success(request, f"Deleted the project {found.name}")
    return HttpResponseRedirect(reverse("projects"))


@require_GET
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """A project: its workflows, what is running, what waits for a person."""
    caller = caller_of(request)
    found = project_for(caller, slug)
    context = pages.project_page(caller, found, can_run=operates(caller, found))
    return render(request, "projects/project.html", context)
