"""What is done to many runs at once: each in a transaction of its own, so that one that has ended stops no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from projects.errors import BatonError
from projects.models import Project
from runs.control import cancel_started_run
from runs.engine.status import FINAL_RUN, CallStatus, RunStatus
from runs.errors import WrongState
from runs.models import Rerun, WorkflowCall, WorkflowRun
from runs.operations import Start
from runs.queries import as_uuid, with_version
from runs.reruns import Choice, failed_stage, retry, why_no_retry

MOST_RUNS = 200
MOST_RETRIED = 50  # each reads the log of its run, and may cost what the run has cost
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


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed run that can be retried: the stage it begins at (None: the whole run), and the last retry it has had."""

    run: WorkflowRun
    stage: str | None
    before: WorkflowRun | None


@dataclass(frozen=True, slots=True)
class Retrying:
    """What a retry of some chosen runs would start, and which of them it would not, each with why."""

    retries: list[Retry]
    refused: list[tuple[WorkflowRun, str]]
    left: int  # how many were chosen beyond the bound; nothing is known of them


@dataclass(frozen=True, slots=True)
class Retried:
    """The new runs, by the runs that they repeat, and which of the chosen ones could not be retried, each with why."""

    started: list[tuple[WorkflowRun, WorkflowRun]]
    refused: list[tuple[WorkflowRun, str]]


def to_retry(project: Project, ids: Iterable[str]) -> Retrying:
    """Look at the first 50 chosen runs of the project, the newest first. Starts nothing."""
    given = list(dict.fromkeys(ids))
    chosen = _chosen(project, given)
    parents = _failed_among(chosen)
    before = _retried_before(chosen)
    retries, refused = [], []
    for run in chosen:
        stage = failed_stage(run)
        why = _with_parent(run, parents) or why_no_retry(run, stage)
        if why:
            refused.append((run, why))
        else:
            retries.append(Retry(run, stage, before.get(run.pk)))
    return Retrying(retries, refused, max(len(given) - MOST_RETRIED, 0))


def retry_runs(project: Project, ids: Iterable[str], *, starter_id: int, key: str) -> Retried:
    """Retry the chosen failed runs, each from the stage that failed, in the workflow as it stands now.

    The same `key` starts each of them only once. One that cannot be retried stops no other.
    """
    chosen = _chosen(project, list(dict.fromkeys(ids)))
    parents = _failed_among(chosen)
    started, refused = [], []
    for run in chosen:
        why = _with_parent(run, parents)
        if not why:
            try:
                new, _ = retry(run, Choice(), Start("retry", starter_id, f"{key}/{run.number}"))
                started.append((run, new))
            except BatonError as error:
                why = error.message
        if why:
            refused.append((run, why))
    return Retried(started, refused)


def _chosen(project: Project, ids: list[str]) -> list[WorkflowRun]:
    keys = [as_uuid(each) for each in ids[:MOST_RETRIED]]
    found = WorkflowRun.objects.filter(project=project, pk__in=keys)
    return list(with_version(found.select_related("parent__parent")).order_by("-number"))


def _failed_among(chosen: list[WorkflowRun]) -> dict[UUID, WorkflowRun]:
    return {run.pk: run for run in chosen if run.status == RunStatus.FAILED.value}


def _with_parent(run: WorkflowRun, chosen: dict[UUID, WorkflowRun]) -> str:
    """Why a child is not retried beside the run that started it: that one starts it again, or reuses its result."""
    parent = run.parent
    while parent is not None:
        if parent.pk in chosen:
            return f"It was started by {parent.workflow_name} #{parent.number}, which is retried too."
        parent = parent.parent
    return ""


def _retried_before(chosen: list[WorkflowRun]) -> dict[UUID | None, WorkflowRun]:
    links = Rerun.objects.filter(of__in=chosen, run__origin="retry").select_related("run").order_by("run__number")
    return {link.of_id: link.run for link in links}
