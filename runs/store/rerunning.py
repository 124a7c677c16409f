"""The rows of a re-run: the new run, what it keeps of the old one, and the link between both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from runs.engine.state import RunState, position_to_json, values_to_json
from runs.ids import agent_run_id, call_id, stage_run_id
from runs.models import AgentRun, Rerun, StageRun, WorkflowCall, WorkflowRun
from runs.store.creating import insert_runs
from runs.store.work import NewRun

Json = Any


@dataclass(frozen=True, slots=True)
class Keeps:
    """What a re-run keeps: its starting state, the kept visits of the old run (entry -> index of the stage in the new
    version), and the calls that are made again and thus not kept."""

    state: RunState
    positions: Mapping[int, int]
    calls_again: frozenset[str] = frozenset()


def insert_rerun(new: NewRun, old: WorkflowRun, stage: str | None, keeps: Keeps | None, now: datetime) -> WorkflowRun:
    """Insert a re-run of `old` from a stage, or (`keeps` is None) of the whole run. The caller holds a transaction."""
    row = insert_runs([new], now)[0]
    kept = 0
    if keeps is not None:
        kept = keeps.state.entry
        WorkflowRun.objects.filter(pk=row.pk).update(
            position=position_to_json(keeps.state), values=values_to_json(keeps.state.values)
        )
        _copy_visits(old.pk, row.pk, keeps.positions, now)
        _copy_calls(old.pk, row.pk, keeps)
    Rerun.objects.create(run=row, of=old, of_number=old.number, stage=stage, kept=kept)
    return row


def _copy_visits(old: UUID, new: UUID, positions: Mapping[int, int], now: datetime) -> None:
    """Kept visits took no time of the new run: they begin and end with its start."""
    visits = list(StageRun.objects.filter(run_id=old, entry__in=positions))
    agents = list(AgentRun.objects.filter(stage_run__in=visits))
    entries = {visit.pk: visit.entry for visit in visits}
    for visit in visits:
        visit.pk, visit.run_id, visit.position = stage_run_id(new, visit.entry), new, positions[visit.entry]
        visit.started_at = visit.finished_at = now
    StageRun.objects.bulk_create(visits)
    for agent in agents:
        agent.stage_run_id = stage_run_id(new, entries[agent.stage_run_id])
        agent.pk, agent.run_id = agent_run_id(new, agent.key), new
        agent.turns = agent.lost_claims = agent.lease_epoch = 0  # its turns stay with the old run
        agent.started_at = agent.finished_at = agent.changed_at = now
    AgentRun.objects.bulk_create(agents)


def _copy_calls(old: UUID, new: UUID, keeps: Keeps) -> None:
    routes = [f"route/{entry}" for entry in keeps.positions]
    ours = WorkflowCall.objects.filter(run_id=old).filter(
        Q(agent_run__stage_run__entry__in=list(keeps.positions)) | Q(key__in=routes)
    )
    calls = [call for call in ours.select_related("agent_run") if call.key not in keeps.calls_again]
    for call in calls:
        if call.agent_run is not None:
            call.agent_run_id = agent_run_id(new, call.agent_run.key)
        call.pk, call.run_id, call.cancel_child = call_id(new, call.key), new, False
    WorkflowCall.objects.bulk_create(calls)
