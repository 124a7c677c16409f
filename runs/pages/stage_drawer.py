"""One stage of a run as the drawer of the run page shows it: every visit, what was decided and by whom."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from builder.publish import frozen
from projects.errors import NotFound
from runs.models import AgentRun, Gate, StageRun, WorkflowCall, WorkflowRun
from runs.pages.looks import run_looks
from runs.pages.stages import Parts, Visit, stages
from runs.pages.words import DECIDERS

Json = Any


def stage_drawer(run: WorkflowRun, number: int) -> dict[str, Json]:
    """The context of runs/_stage_drawer.html; stages are numbered from 1. Raises NotFound."""
    specs = frozen(run.version_id).workflow.stages
    if not 1 <= number <= len(specs):
        raise NotFound("This run has no such stage.")
    visits = list(StageRun.objects.filter(run=run, position=number - 1).order_by("entry"))
    gates = list(Gate.objects.filter(run=run, stage_run__in=visits))
    keys = [f"route/{visit.entry}" for visit in visits]
    calls = list(WorkflowCall.objects.filter(run=run, key__in=keys).select_related("child"))
    parts = Parts(run, gates, calls, run_looks(call.child for call in calls if call.child is not None))
    agents: dict[UUID, list[AgentRun]] = defaultdict(list)
    for agent in AgentRun.objects.filter(stage_run__in=visits).order_by("position"):
        agents[agent.stage_run_id].append(agent)
    (shown,) = stages(parts, [Visit.of(visit) for visit in visits], {number - 1})
    return {
        "key": f"stage:{number}",
        "stage": {**shown, "task": specs[number - 1].task},
        "visits": [_visit(visit, agents[visit.pk]) for visit in reversed(visits)],
    }


def _visit(row: StageRun, agents: list[AgentRun]) -> dict[str, Json]:
    return {
        "visit": row.visit,
        "state": row.status,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "outcome": row.outcome or "",
        "decided_by": DECIDERS.get(row.decided_by or "none", ""),
        "agents": [{"name": agent.agent, "state": agent.status} for agent in agents],
    }
