"""Load, decide, save, go on: the way of a run through one worker.

A transaction takes a fact to a run, carries what follows from it to the run's callers, and claims the next piece of
work for this worker; the rest is rung. Effects (model calls, tools that reach other runs) happen between transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from runs import ahead, bell, fanout, store
from runs.batch import Batch, Outcome, Step
from runs.engine import facts
from runs.engine.decision import Decision
from runs.engine.status import AgentStatus, RunStatus
from runs.errors import LeaseLost
from runs.ids import agent_run_id
from runs.models import AgentRun
from runs.store import NewCall, TurnRecord, Work

MAX_LOST_CLAIMS = 5  # claims lost without progress before an agent counts as poison


def announce(outcome: Outcome) -> None:
    """Ring and tell after a change that was made outside a worker (web, scheduler): nothing goes on inline here."""
    ready = [*outcome.ready, *([outcome.step.run.pk] if outcome.step else [])]
    bell.ring([*ready, *outcome.children])
    fanout.changed(outcome.changed, hurry=outcome.hurry, gates=outcome.gates)


# Transactions


def apply(
    run_id: UUID,
    fact: facts.Fact,
    *,
    worker: bool = False,
    turn: TurnRecord | None = None,
    calls: Sequence[NewCall] = (),
    before: Callable[[Work], None] | None = None,
    after: Callable[[Work, Decision, datetime], None] | None = None,
) -> Outcome:
    """Bring a fact to a run in one transaction, with everything that follows from it.

    With `worker`, the next ready agent is claimed for the caller. `before` may look at the locked run and raise;
    `after` writes rows of the same decision. Raises LeaseLost when the fact came from a worker that holds nothing.
    """

    def work() -> Outcome:
        batch = Batch(timezone.now(), worker)
        held = batch.lock(run_id)
        if held is None:
            return Outcome()
        if before is not None:
            before(held)
        decision = batch.decide(held, fact, turn=turn, calls=calls)
        if decision.ignored and isinstance(fact, _FROM_WORKERS):
            raise LeaseLost
        if after is not None and not decision.ignored:
            after(held, decision, batch.now)
        batch.finish(held, fact)
        batch.outcome.decision = decision
        return batch.outcome

    return store.in_transaction(work)


_FROM_WORKERS = (facts.TurnTaken, facts.ToolsRun, facts.TurnFailed)


def claim(run_id: UUID) -> Outcome | None:
    """Claim one piece of ready work of a run: a queued run is started first. None when there is nothing to do."""
    return ahead.claimed(run_id) or _claim_locked(run_id)


def _claim_locked(run_id: UUID) -> Outcome | None:
    def work() -> Outcome | None:
        batch = Batch(timezone.now(), worker=True)
        held = batch.lock(run_id)
        if held is None or held.state.over or held.state.paused:
            return None
        if held.state.status is RunStatus.QUEUED:
            batch.decide(held, facts.Started())
        if not any(agent.status is AgentStatus.READY for agent in held.state.agents):
            _recover(batch, held)
        if held.state.call is not None and held.state.call.pending:
            raise RuntimeError(f"run {run_id} has an unresolved route, which no transaction may leave behind")
        batch.finish(held, None)
        return batch.outcome if batch.outcome.changed or batch.outcome.step else None

    return store.in_transaction(work)


def _recover(batch: Batch, held: Work) -> None:
    """Take over agents whose worker has stopped renewing its lease."""
    running = [agent for agent in held.state.agents if agent.status is AgentStatus.RUNNING]
    if not running:
        return
    ids = {agent_run_id(held.row.pk, agent.key): agent for agent in running}
    lapsed = AgentRun.objects.filter(pk__in=ids, lease_until__lte=batch.now).values_list("pk", flat=True)
    for row in lapsed:
        agent = ids[row]
        if store.count_lost_claim(held.row.pk, agent.key) >= MAX_LOST_CLAIMS:
            name = held.frozen.workflow.stages[held.state.stage].assignments[agent.position].agent
            batch.decide(
                held,
                facts.Broken(
                    "crash_loop", f"Agent {name} took its worker down {MAX_LOST_CLAIMS} times in a row.", name
                ),
            )
            return
        batch.decide(held, facts.Claimed(agent.key, lost=True))
        batch.step_of(held, agent.key)
        return


def release(step: Step) -> None:
    """Give a claimed step back and ring for it: this task has done its share."""
    announce(apply(step.run.pk, facts.Released(step.agent.key, step.agent.epoch)))
