"""One stage of a run as the drawer of the run page shows it: its visits, what was decided and by whom."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from builder.publish import frozen
from builder.spec import StageSpec
from projects.errors import NotFound
from runs.light_rows import light_calls
from runs.models import AgentRun, Gate, Rerun, StageRun, WorkflowCall, WorkflowRun
from runs.pages.control import again_url
from runs.pages.looks import agent_state, run_looks, visit_look
from runs.pages.stages import Parts, Visit, stages
from runs.pages.words import DECIDERS
from runs.rerun_links import link_of

Json = Any
_VISITS = 20  # at a time: a stage of a loop may have a thousand


def stage_drawer(run: WorkflowRun, number: int, *, can_control: bool) -> dict[str, Json]:
    """The context of runs/_stage_drawer.html; stages are numbered from 1. Raises NotFound."""
    spec = _stage(run, number)
    visits = _newest(run, number, None)
    again = again_url(run, can_control and bool(visits))
    latest = visits[:1]
    gates = list(Gate.objects.filter(run=run, stage_run__in=latest))
    keys = [f"route/{visit.entry}" for visit in latest]
    calls = list(light_calls(WorkflowCall.objects.filter(run=run, key__in=keys)))
    looks = run_looks(call.child for call in calls if call.child is not None)
    parts = Parts(run, gates, calls, looks, link_of(run))
    (shown,) = stages(parts, [Visit.of(visit) for visit in latest], {number - 1})
    return {
        "key": f"stage:{number}",
        "stage": {**shown, "task": spec.task},
        "again_url": f"{again}?{urlencode({'from': spec.name})}" if again else "",
        **_part(run, number, visits),
    }


def older_visits(run: WorkflowRun, number: int, before: int) -> dict[str, Json]:
    """The context of runs/_visits.html: the visits of the stage below this one, the newest of them first."""
    spec, found = _stage(run, number), _newest(run, number, before)
    return {"stage": {"max_visits": spec.max_visits}, "earlier": True, **_part(run, number, found)}


def _stage(run: WorkflowRun, number: int) -> StageSpec:
    specs = frozen(run.version_id).workflow.stages
    if not 1 <= number <= len(specs):
        raise NotFound("This run has no such stage.")
    return specs[number - 1]


def _newest(run: WorkflowRun, number: int, before: int | None) -> list[StageRun]:
    """So many of its visits below a visit, newest first, and one more where there are more."""
    rows = StageRun.objects.filter(run=run, position=number - 1).order_by("-visit")
    return list((rows.filter(visit__lt=before) if before is not None else rows)[: _VISITS + 1])


def _part(run: WorkflowRun, number: int, found: list[StageRun]) -> dict[str, Json]:
    shown = found[:_VISITS]
    agents: dict[UUID, list[AgentRun]] = defaultdict(list)
    for agent in AgentRun.objects.filter(stage_run__in=shown).order_by("position"):
        agents[agent.stage_run_id].append(agent)
    address, link = reverse("run-stage", args=[run.pk, number]), link_of(run)
    return {
        "visits": [_visit(row, agents[row.pk], link) for row in shown],
        "older_url": f"{address}?before={shown[-1].visit}" if len(found) > _VISITS else "",
    }


def _visit(row: StageRun, agents: list[AgentRun], link: Rerun | None) -> dict[str, Json]:
    look = visit_look(row.entry, row.status, link)
    return {
        "visit": row.visit,
        **look._asdict(),
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "outcome": row.outcome or "",
        "decided_by": DECIDERS.get(row.decided_by or "none", ""),
        "agents": [{"name": agent.agent, "state": agent_state(agent.status, look)} for agent in agents],
    }
