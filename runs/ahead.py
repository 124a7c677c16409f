"""Deciding before the transaction, which is opened for the writes alone.

Most facts concern one run. What they lead to is decided from the state as this worker knows it, and written on the
condition that the run still is as it was known to be: its last event and its position, one of which every decision
changes. On SQLite the one writer is held for the writes alone, and PostgreSQL is asked once. What concerns other runs
too, or was overtaken by something else, is decided under the run's lock instead (runs.advance).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from projects import gathering, rows
from runs import store
from runs.batch import Batch, Outcome, Step
from runs.engine import facts
from runs.engine.decision import Decision
from runs.engine.status import RunStatus
from runs.models import WorkflowRun
from runs.store import TurnRecord, Work

After = Callable[[Work, Decision, datetime], None]


def turn_taken(step: Step, fact: facts.TurnTaken, turn: TurnRecord, *, after: After) -> Outcome | None:
    """Bring an answer that calls no workflow to the run of the step. None where nothing was written: it has to be
    decided under the lock. `after` is called at the end of the transaction, where there is one."""
    before = [tool["result"] for tool in turn.tools]
    outcome = _bring(store.work_on(step.run, step.state), fact, turn, after)
    if outcome is None:
        for tool, result in zip(turn.tools, before, strict=True):
            tool["result"] = result
    return outcome


def claimed(run_id: UUID) -> Outcome | None:
    """Claim one piece of ready work of a run; a queued run is started first. None where nothing was written."""
    row = rows.fetch(WorkflowRun, run_id)
    work = None if row is None else store.work_on(row, store.state_of(row))
    if work is None or work.state.over or work.state.paused:
        return None
    if work.state.status is RunStatus.QUEUED:
        return _bring(work, facts.Started())
    return _bring(work, None) if work.ready_before else None


def _bring(
    work: Work,
    fact: facts.TurnTaken | facts.Started | None,
    turn: TurnRecord | None = None,
    after: After | None = None,
) -> Outcome | None:
    if work.row.dry is not None:
        return None  # its plan may answer gates, which is a matter of several writes one after the other
    batch = Batch(timezone.now(), worker=True)
    batch.hold(work)
    try:
        with gathering.ahead() as writes:
            decision = None if fact is None else batch.decide(work, fact, turn=turn)
            if (work.state.over and not _ends_alone(work)) or (decision is not None and decision.ignored):
                return None
            batch.finish(work, fact)
    except gathering.NotAhead:
        return None

    def check() -> None:
        if work.state.over and store.waiting_callers(work.row.pk):
            raise gathering.Overtaken
        if after is not None and decision is not None:
            after(work, decision, batch.now)

    batch.outcome.decision = decision
    return batch.outcome if writes.guard is not None and store.write_ahead(writes, check) else None


def _ends_alone(work: Work) -> bool:
    """Whether the run may end without its lock. Somebody may begin to wait for it just now: one writer among others
    that wait can ask, elsewhere it takes the lock. The caller of a child mostly waits."""
    return connection.vendor == "sqlite" and work.row.parent_id is None
