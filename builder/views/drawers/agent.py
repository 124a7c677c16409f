"""The agent drawer: who it is, and Assign to stage."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from agents.models import Agent
from builder.commands import AssignAgent
from builder.errors import NoSuchPart
from builder.models import Stage, Workflow
from builder.operations.editing import edit
from builder.pages import agent_drawer
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role, require
from projects.errors import Invalid


@require_http_methods(["GET", "POST"])
def agent(request: HttpRequest, agent_id: int) -> HttpResponse:
    """One agent, seen from the workflow `?workflow=7`; POST assigns it to a stage."""
    caller = caller_of(request)
    found = _found(caller, agent_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    workflow = _workflow(request, caller, found)
    context = agent_drawer.drawer(found, workflow, can_edit=edits(caller, workflow))
    if request.method == "GET":
        return show(request, workflow, agent_drawer.TEMPLATE, context)
    stage = Stage.objects.filter(workflow=workflow, pk=whole(request.POST, "stage")).first()
    told = "choose a stage" if stage is None else ""
    if stage is not None:
        try:
            edit(caller, workflow.pk, AssignAgent(do="assign_agent", stage=stage.pk, agent=found.name))
        except Invalid as error:
            told = "; ".join(detail.message for detail in error.details) or error.message
        else:
            return saved(request, workflow, f"Assigned {found.name} to {stage.name}", undo=True)
    return show(request, workflow, agent_drawer.TEMPLATE, context | {"errors": {"stage": told}}, 422)


def _found(caller: Caller, agent_id: int, role: Role) -> Agent:
    found = Agent.objects.select_related("project").filter(pk=agent_id).first()
    missing = NoSuchPart("agent")
    if found is None:
        raise missing
    require(caller, found.project, role, missing=missing.message)
    return found


def _workflow(request: HttpRequest, caller: Caller, found: Agent) -> Workflow:
    """The workflow that the drawer stands beside: the one that is named, else the agent's first."""
    named = whole(request.POST if request.method == "POST" else request.GET, "workflow")
    if named:
        workflow = workflow_by_id(caller, named)
        if workflow.project_id != found.project_id:
            raise NoSuchPart("agent")
        return workflow
    first = Workflow.objects.select_related("project").filter(project=found.project_id).order_by("name").first()
    if first is None:
        raise NoSuchPart("workflow")
    return first
