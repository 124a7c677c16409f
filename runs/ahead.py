"""Deciding before the transaction, which is opened for the writes alone.

What a fact leads to is decided from the runs as this worker knows or reads them, and written on the condition that
each of them still is as it was known to be: its last event and its position, one of which every decision changes. On
SQLite the one writer is held for the writes alone, and PostgreSQL is asked once. What was overtaken by something else
is decided under the runs' locks instead (runs.advance).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from projects import gathering, rows, statements
from runs import store
from runs.batch import Batch, Outcome, Step
from runs.engine import facts
from runs.engine.decision import Decision
from runs.engine.status import RunStatus
from runs.models import WorkflowRun
from runs.store import NewCall, TurnRecord, Work

After = Callable[[Work, Decision, datetime], None]


def turn_taken(
    step: Step, fact: facts.TurnTaken, turn: TurnRecord, calls: Sequence[NewCall], *, after: After
) -> Outcome | None:
    """Bring an answer, and the calls that it makes, to the run of the step. None where nothing was written: it has to
    be decided under the lock. `after` is called at the end of the transaction, where there is one."""
    before = [tool["result"] for tool in turn.tools]
    outcome = _bring(store.work_on(step.run, step.state), fact, turn, calls, after)
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
    calls: Sequence[NewCall] = (),
    after: After | None = None,
) -> Outcome | None:
    if work.row.dry is not None:
        return None  # its plan may answer gates, which is a matter of several writes one after the other
    batch = Batch(timezone.now(), worker=True)
    batch.hold(work)
    try:
        with gathering.ahead() as writes:
            decision = None if fact is None else batch.decide(work, fact, turn=turn, calls=calls)
            if decision is not None and decision.ignored:
                return None
            batch.finish(work, fact)
    except gathering.NotAhead:
        return None

    def check() -> None:
        if any(store.waiting_callers(run) for run in batch.outcome.ended):
            raise gathering.Overtaken
        if after is not None and decision is not None:
            after(work, decision, batch.now)

    batch.outcome.decision = decision
    if not writes.guards or not store.write_ahead(writes, check):
        return None
    for run in batch.outcome.ended if statements.vendor() == "postgresql" else ():
        _call_back(run, batch.outcome)
    return batch.outcome


def _call_back(run_id: UUID, outcome: Outcome) -> None:
    """Bring the end of a run to whoever began to wait for it at the very moment at which it ended. They look once more
    after they began, and this looks after the end: one of both sees the other; and if they crash, the scheduler."""
    if not store.waiting_callers(run_id):
        return

    def work() -> Outcome:
        batch = Batch(timezone.now(), worker=False)
        held = batch.lock(run_id)
        if held is not None:
            batch.call_back(held)
            batch.finish(held, None)
        return batch.outcome

    outcome.add(store.in_transaction(work))
