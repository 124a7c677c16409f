"""The agents page of a project, and the drawer that creates, edits and deletes an agent."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from agents.errors import NoSuchAgent
from agents.models import Agent
from agents.queries import agent_for
from builder.errors import AgentAssigned, AlreadyThere, EditedMeanwhile
from builder.operations.agents import create_agent, delete_agent, patch_agent
from builder.pages import agent_form as form
from builder.pages.agents import agents_page
from builder.pages.project_frame import frame
from builder.pages.touched import posted_marks, touched
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.callers import caller_of
from projects.access import Caller, Role, project_for
from projects.errors import Invalid, NotFound
from projects.models import Project

Json = Any
_WANTED = re.compile(r"agent:(new|[1-9][0-9]{0,17})")


@require_GET
def agents(request: HttpRequest, slug: str) -> HttpResponse:
    """The agents of a project; `?drawer=agent:3` opens one, `?from=7` shows the way back to a workflow."""
    caller = caller_of(request)
    project = project_for(caller, slug)
    return _page(request, project, _asked_for(request, caller, project))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a new agent, or the agent created."""
    caller = caller_of(request)
    project = project_for(caller, slug, Role.EDITOR)
    back = _way_back(request, caller, project)
    if request.method == "GET":
        return _show(request, project, {**form.drawer(project, None, can_edit=True), **back})
    values = form.posted_values(request.POST, form.stored_values(None))
    block, errors = form.block(values, form.LABELS)
    status = 422
    if not errors:
        try:
            made = create_agent(caller, project, block)
            return _saved(request, project, f"Created {made.name}")
        except AlreadyThere as error:
            errors, status = {"name": error.message}, error.status
        except Invalid as error:
            errors = form.errors_of(error.details, error.message, values)
    context = form.drawer(project, None, can_edit=True, values=values, errors=errors)
    return _show(request, project, {**context, **back}, status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str, agent_id: int) -> HttpResponse:
    """One agent: shown, saved or deleted."""
    caller = caller_of(request)
    found = agent_for(caller, slug, str(agent_id), Role.VIEWER if request.method == "GET" else Role.EDITOR)
    if found.pk != agent_id:  # no id, but the name of another
        raise NoSuchAgent(str(agent_id))
    project = found.project
    if request.method == "GET":
        can_edit: bool = frame(caller, project, "Agents")["can_edit"]
        return _show(request, project, form.drawer(project, found, can_edit=can_edit))
    if request.POST.get("keep") == "theirs":
        return redirect("agent-edit", project.slug, found.pk)
    return _delete(request, caller, found) if "delete" in request.POST else _save(request, caller, found)


def _save(request: HttpRequest, caller: Caller, found: Agent) -> HttpResponse:
    project, version, marks = found.project, whole(request.POST, "version"), posted_marks(request.POST)
    values = form.posted_values(request.POST, form.stored_values(found))
    changed = touched(values, marks)
    block, errors = form.block(values, changed)
    status = 422
    if not errors:
        try:
            if changed:
                patch_agent(caller, found, {**block, "version": version})
            return _saved(request, project, f"Saved {values['name']}")
        except EditedMeanwhile as error:
            found.refresh_from_db()
            values, conflict = form.after_conflict(project, found, values, marks, error)
            context = form.drawer(project, found, can_edit=True, values=values, conflict=conflict)
            return _show(request, project, context, error.status)
        except AlreadyThere as error:
            errors, status = {"name": error.message}, error.status
        except Invalid as error:
            errors = form.errors_of(error.details, error.message, values)
    # The form stays on what it was made from: whoever saves after a mistake is still told of a conflict.
    context = form.drawer(project, found, can_edit=True, values=values, errors=errors, marks=marks, version=version)
    return _show(request, project, context, status)


def _delete(request: HttpRequest, caller: Caller, found: Agent) -> HttpResponse:
    project, name = found.project, found.name
    try:
        delete_agent(caller, found)
    except AgentAssigned as error:
        marks, version = posted_marks(request.POST), whole(request.POST, "version")
        values = form.posted_values(request.POST, form.stored_values(found))
        told = f"{name} cannot be deleted while it is assigned. Take it off these stages first."
        context = form.drawer(project, found, can_edit=True, values=values, marks=marks, version=version, refused=told)
        return _show(request, project, context, error.status)
    return _saved(request, project, f"Deleted {name}.")


def _asked_for(request: HttpRequest, caller: Caller, project: Project) -> dict[str, Json]:
    """The context of the drawer that the address names; none where there is no such agent, or it may not be made."""
    wanted = _WANTED.fullmatch(request.GET.get("drawer", ""))
    can_edit: bool = frame(caller, project, "Agents")["can_edit"]
    if wanted is None or (wanted[1] == "new" and not can_edit):
        return {}
    try:
        found = None if wanted[1] == "new" else agent_for(caller, project.slug, wanted[1], Role.VIEWER)
    except NotFound:
        return {}
    back = _way_back(request, caller, project) if found is None else {}
    return {**form.drawer(project, found, can_edit=can_edit), **back}


def _way_back(request: HttpRequest, caller: Caller, project: Project) -> dict[str, Json]:
    """What the builder that led here (`?from=7`, a workflow) adds to the drawer of a new agent: the way back. It is the
    id of a workflow and no address, so that a link cannot lead to another site."""
    back = _came_from(request, caller, project)
    return {"back": back, "save_url": f"{form.address(project, None)}?from={back['id']}"} if back else {}


def _came_from(request: HttpRequest, caller: Caller, project: Project) -> dict[str, Json] | None:
    """The workflow of this project that the address names; None where it names none that the caller sees."""
    if "from" not in request.GET:
        return None
    try:
        workflow = workflow_by_id(caller, whole(request.GET, "from"))
    except NotFound:
        return None
    if workflow.project_id != project.pk:
        return None
    return {"id": workflow.pk, "name": workflow.name, "url": reverse("workflow", args=[workflow.pk])}


def _show(request: HttpRequest, project: Project, context: dict[str, Json], status: int = 200) -> HttpResponse:
    """The drawer, alone or on the whole page."""
    if request.headers.get("HX-Request"):
        return render(request, form.TEMPLATE, context, status=status)
    return _page(request, project, context, status)


def _page(request: HttpRequest, project: Project, drawn: dict[str, Json], status: int = 200) -> HttpResponse:
    """The list, with a drawer on it where `drawn` holds one's context: the two share no names."""
    drawer = render_to_string(form.TEMPLATE, drawn, request) if drawn else ""
    caller = caller_of(request)
    page = {**agents_page(caller, project), "back": _came_from(request, caller, project), "drawer": drawer}
    return render(request, "agents/list.html", page, status=status)


def _saved(request: HttpRequest, project: Project, text: str) -> HttpResponse:
    """The list anew, a word about it, and the drawer closed."""
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        back = _came_from(request, caller_of(request), project)
        return redirect(reverse("agents", args=[project.slug]) + (f"?from={back['id']}" if back else ""))
    context = {**agents_page(caller_of(request), project), "text": text}
    return HttpResponse(render_to_string("agents/_saved.html", context, request))
