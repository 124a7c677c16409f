"""What is done to many runs at once: each in a transaction of its own, so that one that has ended stops no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from projects.models import Project
from runs.control import cancel_started_run
from runs.engine.status import FINAL_RUN, CallStatus, RunStatus
from runs.errors import WrongState
from runs.models import WorkflowCall, WorkflowRun
from runs.queries import as_uuid

MOST_RUNS = 200
_OVER = [status.value for status in FINAL_RUN]


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What a cancellation of some chosen runs would stop."""

    runs: list[WorkflowRun]
    over: int  # how many of the chosen ones have ended already
    children: list[WorkflowRun]  # runs that they wait for, and that would be cancelled with them


def to_cancel(project: Project, ids: Iterable[str]) -> Cancelling:
    """The chosen runs of the project that are not over, at most 200, and the runs they wait for, however deep."""
    keys = [as_uuid(each) for each in list(ids)[:MOST_RUNS]]
    chosen = list(WorkflowRun.objects.filter(project=project, pk__in=keys).order_by("-number"))
    runs = [run for run in chosen if RunStatus(run.status) not in FINAL_RUN]
    known = {run.pk: run for run in runs}
    level, children = list(known), []
    while level:
        calls = WorkflowCall.objects.filter(run__in=level, status=CallStatus.WAITING.value, child__isnull=False)
        found = WorkflowRun.objects.filter(pk__in=calls.values("child")).exclude(status__in=_OVER).order_by("number")
        new = [run for run in found if run.pk not in known]
        known |= {run.pk: run for run in new}
        children += new
        level = [run.pk for run in new]
    return Cancelling(runs, len(chosen) - len(runs), children)


def cancel_runs(project: Project, ids: Iterable[str], *, by: str) -> int:
    """Cancel the chosen runs and what they wait for; returns how many of the chosen ones this stopped."""
    stopped = 0
    for run in to_cancel(project, ids).runs:
        try:
            cancel_started_run(run.pk, by=by)
        except WrongState:  # it ended, or was cancelled with its parent, in between
            continue
        stopped += 1
    return stopped
