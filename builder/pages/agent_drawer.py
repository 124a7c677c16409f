"""The agent drawer in the builder: who it is, and a way to put it on a stage without dragging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import NoReverseMatch, reverse

from agents.models import Agent
from builder.models import Assignment, Stage, Workflow

Json = Any
TEMPLATE = "builder/_agent_drawer.html"


def drawer(
    agent: Agent, workflow: Workflow | None, *, can_edit: bool, errors: Mapping[str, str] | None = None
) -> dict[str, Json]:
    """The context of builder/_agent_drawer.html; `workflow` is the one that it can be assigned in."""
    places = Assignment.objects.filter(agent=agent).select_related("stage__workflow")
    stages = Stage.objects.filter(workflow=workflow).order_by("position") if workflow else []
    return {
        "key": f"agent:{agent.pk}",
        "save_url": reverse("agent-drawer", args=[agent.pk]),
        "edit_url": edit_address(agent),
        "can_edit": can_edit,
        "assignment": {
            "agent": agent.name,
            "role": agent.role,
            "model": agent.model,
            "perspective": agent.perspective,
        },
        "in_workflow": workflow.pk if workflow else "",
        "choices": [{"value": str(stage.pk), "label": f"{stage.position + 1}. {stage.name}"} for stage in stages],
        "used": [
            {
                "workflow": place.stage.workflow.name,
                "stage": place.stage.name,
                "url": f"{reverse('workflow-outline', args=[place.stage.workflow_id])}?drawer=assignment:{place.pk}",
            }
            for place in places.order_by("stage__workflow__name", "stage__position", "position")[:50]
        ],
        "errors": errors or {},
    }


def edit_address(agent: Agent) -> str:
    """Where the agent itself is edited; empty where there is no such page."""
    try:
        return f"{reverse('agents', args=[agent.project.slug])}?drawer=agent:{agent.pk}"
    except NoReverseMatch:
        return ""
