"""The agents of a project: the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse

from agents.models import Agent
from agents.queries import agents_of
from builder.models import Assignment
from builder.pages.project_frame import frame
from projects.access import Caller
from projects.models import Project

Json = Any
_ROLE_LENGTH = 160


def agents_page(caller: Caller, project: Project) -> dict[str, Json]:
    """The context of agents/list.html; the same number of queries however many agents there are."""
    used = _used_in(project)
    return {
        **frame(caller, project, "Agents"),
        "agents": [_row(agent, used.get(agent.pk, {})) for agent in agents_of(project.pk).select_related("project")],
        "new_agent_url": reverse("agent-new", args=[project.slug]),
    }


def places_of(agent: Agent) -> list[dict[str, str]]:
    """Where the agent works, as a fallback too: the assignments, each with the address of its drawer."""
    rows = Assignment.objects.filter(Q(agent=agent) | Q(fallback_agent=agent)).select_related("stage__workflow")
    return [
        {
            "workflow": place.stage.workflow.name,
            "stage": place.stage.name,
            "as": "" if place.agent_id == agent.pk else "as a fallback",
            "url": f"{reverse('workflow-outline', args=[place.stage.workflow_id])}?drawer=assignment:{place.pk}",
        }
        for place in rows.order_by("stage__workflow__name", "stage__position", "position")
    ]


def _used_in(project: Project) -> dict[int, dict[int, str]]:
    """The workflows by id that each agent works in, by the agent's id."""
    rows = (
        Assignment.objects.filter(stage__workflow__project=project)
        .order_by("stage__workflow__name")
        .values_list("agent_id", "fallback_agent_id", "stage__workflow_id", "stage__workflow__name")
    )
    used: dict[int, dict[int, str]] = {}
    for agent_id, fallback_id, workflow_id, name in rows:
        for each in (agent_id, fallback_id):
            if each is not None:
                used.setdefault(each, {})[workflow_id] = name
    return used


def _row(agent: Agent, used: dict[int, str]) -> dict[str, Json]:
    return {
        "id": agent.pk,
        "name": agent.name,
        "role": _short(agent.role),
        "model": agent.model or "",
        "drawer_url": reverse("agent-edit", args=[agent.project.slug, agent.pk]),
        "used": _links(used.items()),
    }


def _links(workflows: Iterable[tuple[int, str]]) -> list[dict[str, str]]:
    return [{"name": name, "url": reverse("workflow", args=[pk])} for pk, name in workflows]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _ROLE_LENGTH else f"{line[: _ROLE_LENGTH - 1]}…"
