"""How a run's status looks: a waiting run says what it waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from runs.engine.status import AgentStatus, CallStatus, GateStatus, RunStatus, StageStatus
from runs.models import AgentRun, Gate, Rerun, WorkflowCall, WorkflowRun


class Look(NamedTuple):
    """A state of components/_state.html, and its word where it is not the usual one."""

    state: str
    word: str = ""


def run_looks(runs: Iterable[WorkflowRun]) -> dict[UUID, Look]:
    """The looks of these runs by id; at most three queries, none where nothing waits."""
    looks = {run.pk: Look(run.status) for run in runs}
    waiting = [key for key, look in looks.items() if look.state == RunStatus.WAITING.value]
    if not waiting:
        return looks
    calls: dict[UUID, list[str]] = defaultdict(list)
    for run_id, name in WorkflowCall.objects.filter(run__in=waiting, status=CallStatus.WAITING.value).values_list(
        "run", "workflow_name"
    ):
        calls[run_id].append(name)
    retrying = AgentRun.objects.filter(run__in=waiting, status=AgentStatus.RETRYING.value).values_list("run", flat=True)
    looks |= dict.fromkeys(retrying, Look("retrying", "Waiting to try again"))
    looks |= {run_id: waiting_for(names) for run_id, names in calls.items()}
    gates = Gate.objects.filter(run__in=waiting, status=GateStatus.OPEN.value).values_list("run", "agent_run")
    looks |= {run_id: Look("open", "Waiting for an answer") for run_id, agent in gates if agent is not None}
    return looks | {run_id: Look("open") for run_id, agent in gates if agent is None}


def waiting_for(workflows: list[str]) -> Look:
    """The look of whatever waits for these workflows."""
    return Look("blocked", f"Waiting for {workflows[0] if len(workflows) == 1 else f'{len(workflows)} workflows'}")


def visit_look(entry: int, status: str, link: Rerun | None) -> Look:
    """The look of a visit; one that a re-run kept was done by the run that `link` names."""
    if link is not None and entry <= link.kept and status == StageStatus.DONE.value:
        return Look("kept", f"Kept from #{link.of_number}")
    return Look(status)


def agent_state(status: str, visit: Look) -> str:
    """The state of an agent: what it did in a visit that was kept was not done by this run either."""
    return "kept" if visit.state == "kept" and status == AgentStatus.DONE.value else status
