"""The worker's loop: claim what is ready in a run, do it, and go on inline until nothing is left."""

from __future__ import annotations

import time
from uuid import UUID

import structlog

from runs import bell, fanout
from runs.advance import claim, release
from runs.batch import Outcome, Step
from runs.effects.agent_turn import carry_out
from runs.errors import LeaseLost
from runs.ids import agent_run_id
from runs.leases import keeper
from runs.turnstile import passing

log = structlog.get_logger(__name__)

_MAX_STEPS = 100  # steps that one task carries a run inline before it rings the bell for the rest
_MAX_SECONDS = 20.0


def drive(run_id: UUID) -> None:
    """Carry a run on: its ready agents, the child just started, the parent just woken, one step after the other."""
    with passing():
        _drive(run_id)


def _drive(run_id: UUID) -> None:
    started = time.monotonic()
    outcome = claim(run_id)
    steps = 0
    while outcome is not None:
        _announce(outcome)
        step = outcome.step
        if step is None:
            outcome = claim(outcome.children[0]) if outcome.children else None
            continue
        steps += 1
        if steps > _MAX_STEPS or time.monotonic() - started > _MAX_SECONDS:
            release(step)
            return
        outcome = _carry_out(step)


def _carry_out(step: Step) -> Outcome | None:
    try:
        with keeper.holding(agent_run_id(step.run.pk, step.agent.key)):
            return carry_out(step)
    except LeaseLost:
        log.info("lease lost, result dropped", run=str(step.run.pk), agent=step.agent.key)
        return None


def _announce(outcome: Outcome) -> None:
    """Tell the other workers and the pages, before the inline step that may take long."""
    goes_on_with_child = outcome.step is None and outcome.children
    bell.ring([*outcome.ready, *(outcome.children[1:] if goes_on_with_child else outcome.children)])
    fanout.changed(outcome.changed, hurry=outcome.hurry, gates=outcome.gates)
