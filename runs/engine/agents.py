"""What facts mean for one agent at work: its turns, its tools, its calls, and its failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from builder.spec import OnFailure
from runs.engine import facts
from runs.engine.asking import Question
from runs.engine.draft import Draft
from runs.engine.limits import TURNS, WORKFLOW_CALLS
from runs.engine.messages import heard
from runs.engine.questions import ask
from runs.engine.results import envelope
from runs.engine.routing import fail_stage
from runs.engine.state import AgentState, Failure, altered
from runs.engine.status import AgentStatus

Json = Any


def _claimed(draft: Draft, fact: facts.Claimed) -> bool:
    agent = draft.state.agent(fact.agent)
    if agent is None or agent.over or draft.state.paused:
        return False
    if agent.status is not (AgentStatus.RUNNING if fact.lost else AgentStatus.READY):
        return False
    if agent.turn == 0 and agent.epoch == 0:
        draft.tell("agent.started", agent)
    if fact.lost:
        draft.tell("agent.retrying", agent, reason="worker_lost", turn=agent.turn + 1, claim=agent.epoch + 1)
    draft.put_agent(altered(agent, status=AgentStatus.RUNNING, epoch=agent.epoch + 1))
    return True


def _held(draft: Draft, key: str, epoch: int) -> AgentState | None:
    """The agent, if the worker that brings the fact still holds it."""
    agent = draft.state.agent(key)
    if agent is None or agent.status is not AgentStatus.RUNNING or agent.epoch != epoch:
        return None
    return agent


def _released(draft: Draft, fact: facts.Released) -> bool:
    agent = _held(draft, fact.agent, fact.epoch)
    if agent is None:
        return False
    draft.put_agent(altered(agent, status=AgentStatus.READY))
    return True


# Turns


def _turn_taken(draft: Draft, fact: facts.TurnTaken) -> bool:
    agent = _held(draft, fact.agent, fact.epoch)
    if agent is None or fact.turn not in (None, agent.turn + 1):
        return False
    name = draft.agent_name(agent)
    agent = altered(agent, turn=agent.turn + 1, attempt=0, failures=0)
    draft.tell("agent.turn", agent, turn=agent.turn, tools=list(fact.tools), usage=fact.usage)
    if fact.heard:
        heard(draft, agent.key, fact.heard)
    for warning in fact.warnings:
        draft.warn("unknown_value", warning)
    if fact.message and fact.text:
        draft.tell("agent.message", agent, text=fact.text)
    if not fact.acts and not fact.message:
        _finish(draft, agent, fact.text or "")
        return True
    turn = _Turn(draft, agent, name)
    for act in fact.acts:
        draft.tell("agent.tool", agent, tool=fact.tools[act.index], turn=agent.turn)
        turn.take(act)
    if fact.last and not (turn.calls or turn.questions or turn.pending):
        _finish(draft, turn.agent, fact.text or "")
        return True
    waits = altered(turn.agent, open_calls=tuple(turn.calls), questions=tuple(turn.questions))
    _after_tools(draft, altered(waits, pending_tools=tuple(turn.pending)))
    return True


def _after_tools(draft: Draft, agent: AgentState) -> None:
    """Block on open calls and questions, or go on with the next turn under the same claim."""
    if agent.turn - agent.base >= TURNS:
        _fail(draft, agent, Failure("turn_limit", f"{draft.agent_name(agent)} took {TURNS} turns without an end."))
        return
    if (agent.open_calls or agent.questions) and not agent.pending_tools:
        draft.put_agent(altered(agent, status=AgentStatus.BLOCKED))
        asks = {"questions": len(agent.questions)} if agent.questions else {}
        draft.tell("agent.blocked", agent, calls=len(agent.open_calls), **asks)
        return
    # A paused run claims nothing: the agent is given back at this boundary and goes on when the run does.
    draft.put_agent(altered(agent, status=AgentStatus.READY) if draft.state.paused else agent)


def _finish(draft: Draft, agent: AgentState, text: str) -> None:
    name = draft.agent_name(agent)
    missing = [key for key in draft.assignment(agent).share if key not in draft.state.values.results]
    if missing:
        draft.warn("not_shared", f"{name} was expected to share {', '.join(missing)} and did not.")
    draft.put_agent(altered(agent, status=AgentStatus.DONE, text=text))
    draft.tell("agent.finished", agent, text=text)


@dataclass(slots=True)
class _Turn:
    """The tools of one turn, taken in call order."""

    draft: Draft
    agent: AgentState
    name: str
    calls: list[str] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def take(self, act: facts.Act) -> None:
        """Carry one tool call out, as far as the engine can."""
        match act:
            case facts.Share():
                self._share(act)
            case facts.Decide():
                self._decide(act)
            case facts.Trigger():
                self._trigger(act)
            case facts.Ask():
                self.questions.append(ask(self.draft, self.agent, act))
            case facts.Reply():
                self._reply(act.index, act.result)
            case facts.Pending():
                self.pending.append(act.index)

    def _reply(self, index: int, result: Json) -> None:
        self.draft.replies[index] = result

    def _share(self, act: facts.Share) -> None:
        self.draft.remember(results={**self.draft.state.values.results, **act.results})
        self.draft.tell("results.shared", self.agent, results=act.results)
        self._reply(act.index, {"shared": sorted(act.results)})

    def _decide(self, act: facts.Decide) -> None:
        labels = self.draft.stage.outcomes
        if act.outcome in labels:
            self.agent = altered(self.agent, decision=act.outcome)
            self._reply(act.index, {"decided": act.outcome})
            return
        wrong = self.agent.wrong_decisions + 1
        self.agent = altered(self.agent, wrong_decisions=wrong)
        if wrong == 1:
            self._reply(
                act.index, {"error": f"{act.outcome!r} is not an outcome of this stage.", "allowed": list(labels)}
            )
            return
        self.draft.warn(
            "decision_ignored", f"{self.name} decided {act.outcome!r}, which is not an outcome of this stage."
        )
        self._reply(act.index, {"error": f"{act.outcome!r} is not an outcome of this stage; it counts as no decision."})

    def _trigger(self, act: facts.Trigger) -> None:
        if act.counts and self.agent.workflow_calls >= WORKFLOW_CALLS and act.refusal is None:
            act = replace(act, refusal=f"limit of {WORKFLOW_CALLS} workflow calls reached", run_id=None)
        self.agent = altered(self.agent, workflow_calls=self.agent.workflow_calls + (1 if act.counts else 0))
        shown = {"workflow": act.workflow, "context": act.context, "timeout": act.timeout if act.waits else None}
        if act.refusal is not None:
            self.draft.tell(
                "workflow.triggered", self.agent, run_id=None, by="agent", refused=act.detail or act.refusal, **shown
            )
            back = envelope("refused", error=act.refusal)
            self.draft.tell("workflow.returned", self.agent, workflow=act.workflow, **back)
            if act.known:
                self.draft.remember(workflows={**self.draft.state.values.workflows, act.workflow: back})
            self._reply(act.index, back)
            return
        self.draft.accepted.append(act.call)
        self.draft.tell("workflow.triggered", self.agent, run_id=act.run_id, by="agent", waits=act.waits, **shown)
        if act.waits:
            self.calls.append(act.call)
            return
        self._reply(act.index, {"status": "started", "run_id": act.run_id})


def _tools_run(draft: Draft, fact: facts.ToolsRun) -> bool:
    agent = _held(draft, fact.agent, fact.epoch)
    if agent is None or not agent.pending_tools or fact.turn not in (None, agent.turn):
        return False
    _after_tools(draft, altered(agent, pending_tools=()))
    return True


def _call_returned(draft: Draft, fact: facts.CallReturned) -> bool:
    agent = next((agent for agent in draft.state.agents if fact.call in agent.open_calls), None)
    if agent is None:
        return False
    left = tuple(call for call in agent.open_calls if call != fact.call)
    draft.remember(workflows={**draft.state.values.workflows, fact.workflow: fact.envelope})
    draft.tell("workflow.returned", agent, workflow=fact.workflow, **fact.envelope)
    if left or agent.questions or agent.status is not AgentStatus.BLOCKED:
        draft.put_agent(altered(agent, open_calls=left))
        return True
    draft.put_agent(altered(agent, open_calls=(), status=AgentStatus.READY))
    draft.tell("agent.resumed", agent)
    return True


# Failures


def _turn_failed(draft: Draft, fact: facts.TurnFailed) -> bool:
    agent = _held(draft, fact.agent, fact.epoch)
    if agent is None:
        return False
    if not fact.passing:
        _fail(draft, agent, Failure(fact.kind, fact.message))
        return True
    retries = draft.assignment(agent).retries
    agent = altered(agent, attempt=agent.attempt + 1, failures=agent.failures + 1)
    if agent.attempt < retries.attempts:
        _retry(draft, agent, fact)
    elif fact.has_spare_model and not agent.spare_model:
        _take_over(draft, altered(agent, spare_model=True), fact, "fallback_model")
    elif draft.assignment(agent).fallback_agent and not agent.stand_in:
        fresh = altered(
            agent, stand_in=True, spare_model=False, base=agent.turn, failures=0, decision=None, wrong_decisions=0
        )
        _take_over(draft, fresh, fact, "fallback_agent")
    else:
        _give_up(draft, agent, fact)
    return True


def _retry(draft: Draft, agent: AgentState, fact: facts.TurnFailed) -> None:
    retries = draft.assignment(agent).retries
    delay = min(retries.max_backoff, retries.backoff * 2 ** (agent.attempt - 1)) * fact.jitter
    delay = max(delay, min(fact.retry_after or 0.0, 3_600.0))
    told = {"reason": fact.kind, "message": fact.message, "attempt": agent.attempt, "attempts": retries.attempts}
    if delay <= 0:
        draft.tell("agent.retrying", agent, until=None, **told)
        draft.put_agent(altered(agent, status=AgentStatus.READY))
        return
    until = draft.now + timedelta(seconds=delay)
    draft.tell("agent.retrying", agent, until=until.isoformat(), **told)
    draft.put_agent(altered(agent, status=AgentStatus.RETRYING, retry_at=until))


def _take_over(draft: Draft, agent: AgentState, fact: facts.TurnFailed, by: str) -> None:
    draft.put_agent(altered(agent, attempt=0, status=AgentStatus.READY))
    draft.tell("agent.retrying", agent, reason=fact.kind, message=fact.message, by=by, until=None)


def _give_up(draft: Draft, agent: AgentState, fact: facts.TurnFailed) -> None:
    """All tries spent: the last resort stands as the answer, or the agent fails."""
    last_resort = draft.assignment(agent).last_resort
    if last_resort is None:
        _fail(draft, agent, Failure(fact.kind, fact.message))
        return
    draft.warn(
        "last_resort", f"{draft.agent_name(agent)} failed ({fact.message}); its last resort stands as its answer."
    )
    _finish(draft, agent, last_resort)


def _fail(draft: Draft, agent: AgentState, failure: Failure) -> None:
    name = draft.agent_name(agent)
    told = f"Stage {draft.stage.name}, agent {name}: {failure.message}"
    failed = altered(draft.give_up(agent), status=AgentStatus.FAILED, text=failure.message)
    draft.put_agent(failed, failed=failure.message)
    draft.tell("agent.failed", agent, code=failure.code, message=failure.message)
    if draft.assignment(agent).on_failure is OnFailure.CONTINUE:
        draft.warn("agent_failed", told)
        return
    fail_stage(draft, Failure(failure.code, told, draft.stage.name, name))


def _retry_due(draft: Draft, fact: facts.RetryDue) -> bool:
    agent = draft.state.agent(fact.agent)
    if agent is None or agent.status is not AgentStatus.RETRYING or (agent.retry_at or draft.now) > draft.now:
        return False
    draft.put_agent(altered(agent, status=AgentStatus.READY, retry_at=None))
    draft.tell("agent.resumed", agent, reason="retry")
    return True


HANDLERS: dict[type, Callable[[Draft, Any], bool]] = {
    facts.Claimed: _claimed,
    facts.Released: _released,
    facts.TurnTaken: _turn_taken,
    facts.ToolsRun: _tools_run,
    facts.CallReturned: _call_returned,
    facts.TurnFailed: _turn_failed,
    facts.RetryDue: _retry_due,
}
