"""Which facts still apply to a run, said a second time: in terms of rows, without the engine's handlers."""

from __future__ import annotations

from builder.spec import ApprovalHook
from runs.engine import facts
from runs.engine.status import AgentStatus, CallStatus, GateStatus, RunStatus
from tests.engine.world import World


def applies(world: World, fact: facts.Fact) -> bool:
    """Whether a run that stands like this takes the fact; one that does not apply must change nothing."""
    if world.state.over:
        return False
    match fact:
        case facts.Started():
            return world.status() is RunStatus.QUEUED
        case facts.TurnTaken():
            return _holds(world, fact.agent, fact.epoch) and world.rows.agents[fact.agent].turn + 1 == fact.turn
        case facts.ToolsRun():
            agent = world.rows.agents.get(fact.agent)
            return _holds(world, fact.agent, fact.epoch) and bool(
                agent and agent.pending_tools and agent.turn == fact.turn
            )
        case facts.TurnFailed() | facts.Released():
            return _holds(world, fact.agent, fact.epoch)
        case facts.RetryDue():
            agent = world.rows.agents[fact.agent]
            due = agent.retry_at is not None and agent.retry_at <= world.now
            return agent.status is AgentStatus.RETRYING and due
        case facts.CallReturned():
            return world.rows.calls[fact.call] is CallStatus.WAITING
        case facts.GateAnswered() | facts.GateExpired() | facts.GateReminded():
            return world.rows.gates[fact.gate] is GateStatus.OPEN and _at_gate(world, fact)
    raise AssertionError(f"nobody said when {type(fact).__name__} applies")


def _holds(world: World, key: str, epoch: int) -> bool:
    agent = world.rows.agents.get(key)
    return agent is not None and agent.status is AgentStatus.RUNNING and agent.epoch == epoch


def _at_gate(world: World, fact: facts.GateAnswered | facts.GateExpired | facts.GateReminded) -> bool:
    """Whether this has not been said, or reminded of, at the open gate."""
    gate = world.state.gate
    if gate is None or gate.key != fact.gate:
        return not isinstance(fact, facts.GateReminded)  # a question
    if isinstance(fact, facts.GateAnswered):
        return (fact.by, fact.option) not in [(voice.by, voice.option) for voice in gate.voices]
    return not isinstance(fact, facts.GateReminded) or gate.reminded < fact.number


def open_hook(world: World) -> ApprovalHook | None:
    """The hook of the open gate."""
    gate = world.state.gate
    if gate is None:
        return None
    stage = world.definition.workflow.stages[world.state.stage]
    hook = (stage.entry_hooks if gate.edge == "entry" else stage.exit_hooks)[gate.index]
    assert isinstance(hook, ApprovalHook)
    return hook
