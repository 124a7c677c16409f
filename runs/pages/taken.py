"""The routes of a workflow, and which of them no run has ever taken, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builder.models import Workflow
from builder.spec import END, WorkflowRoute
from runs.exercised import Exercised, routes_of

Json = Any


def leads_to(route: Exercised) -> str:
    """Where a route leads: a stage, a workflow, the next stage, or the end."""
    if route.route is None:
        return "Next stage"
    if isinstance(route.route, WorkflowRoute):
        return route.route.workflow
    return "End the workflow" if route.route.stage == END else route.route.stage


def never_taken(workflow: Workflow) -> dict[str, Json]:
    """The context of runs/_never_taken.html."""
    return shown(routes_of(workflow))


def shown(routes: Sequence[Exercised]) -> dict[str, Json]:
    """The same of routes that are known."""
    never = [{"stage": one.stage, "outcome": one.outcome, "to": leads_to(one)} for one in routes if not one.taken]
    return {"never_taken": never, "route_count": len(routes)}


def route_json(route: Exercised) -> dict[str, Json]:
    """One route as the API tells it; `route` as in the project file, null for the next stage."""
    return {
        "stage": route.stage,
        "outcome": route.outcome,
        "route": route.route.model_dump(mode="json") if route.route is not None else None,
        "taken": route.taken,
    }
