"""Questions of agents to people: asked by a tool, answered like a gate; the answer is what the tool returns."""

from __future__ import annotations

from typing import Any

from runs.engine import facts
from runs.engine.asking import Question
from runs.engine.decision import ClosedGate, NewQuestion
from runs.engine.draft import Draft
from runs.engine.state import AgentState, altered
from runs.engine.status import AgentStatus, GateStatus

Json = Any


def ask(draft: Draft, agent: AgentState, act: facts.Ask) -> Question:
    """Put a question into the inbox; the agent blocks on it when its turn is over."""
    name = draft.agent_name(agent)
    if act.channel not in (None, "inbox"):
        draft.warn("channel_not_configured", f"The channel {act.channel} is not configured; {name} asks in the inbox.")
    draft.asked.append(NewQuestion(act.question, agent.key, draft.state.entry, name, act))
    shown = {"question": act.message, "options": list(act.options), "deadline": act.timeout}
    draft.tell("gate.opened", agent, gate=name, **shown)
    return Question(act.question, act.options)


def _asking(draft: Draft, key: str) -> tuple[AgentState, Question] | None:
    """The agent that waits for the answer to this question."""
    for agent in draft.state.agents:
        for question in agent.questions:
            if question.key == key:
                return agent, question
    return None


def question_answered(draft: Draft, fact: facts.GateAnswered) -> bool:
    """A person answered: one of the options where there are any, else with a text."""
    found = _asking(draft, fact.gate)
    if found is None:
        return False
    agent, question = found
    if (fact.option not in question.options) if question.options else not (fact.option or fact.comment):
        return False
    answer = {"option": fact.option or None, "outcome": None, "comment": fact.comment, "by": fact.by}
    answer |= {"channel": fact.channel, "at": draft.at}
    draft.tell("gate.answered", agent, gate=draft.agent_name(agent), **answer)
    _close(draft, agent, question, GateStatus.ANSWERED, answer)
    return True


def question_expired(draft: Draft, fact: facts.GateExpired) -> bool:
    """Nobody answered in time: the agent is told so, and decides what to do."""
    found = _asking(draft, fact.gate)
    if found is None:
        return False
    agent, question = found
    answer = {"option": None, "outcome": None, "comment": "", "by": None, "channel": None, "at": draft.at}
    draft.tell("gate.expired", agent, gate=draft.agent_name(agent), outcome=None)
    _close(draft, agent, question, GateStatus.EXPIRED, answer)
    return True


def _close(draft: Draft, agent: AgentState, question: Question, status: GateStatus, answer: dict[str, Json]) -> None:
    draft.closed.append(ClosedGate(question.key, status, answer))
    left = tuple(other for other in agent.questions if other.key != question.key)
    agent = altered(agent, questions=left)
    if left or agent.open_calls or agent.status is not AgentStatus.BLOCKED:
        draft.put_agent(agent)
        return
    draft.put_agent(altered(agent, status=AgentStatus.READY))
    draft.tell("agent.resumed", agent)
