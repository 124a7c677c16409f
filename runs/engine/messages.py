"""Messages of people to a run: every agent at work hears them with its next turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runs.engine import facts
from runs.engine.beside import Message
from runs.engine.draft import Draft
from runs.engine.state import RunState


def received(draft: Draft, fact: facts.MessageReceived) -> bool:
    """Keep a message for the agents at work; where there is none, for those that begin next."""
    active = [agent for agent in draft.state.agents if not agent.over]
    names = [draft.agent_name(agent) for agent in active]
    draft.emit("message.received", None, text=fact.text, by=fact.by, to=names)
    message = Message(fact.text, fact.by, tuple(agent.key for agent in active))
    draft.change(messages=(*draft.state.messages, message))
    return True


def unheard(state: RunState, agent: str) -> list[Message]:
    """What an agent has still to hear, oldest first."""
    return [message for message in state.messages if agent in message.to]


def heard(draft: Draft, agent: str, count: int) -> None:
    """The turn that an agent has taken was sent the first `count` messages that it had not heard."""
    left: list[Message] = []
    for message in draft.state.messages:
        if agent in message.to and count:
            count -= 1
            message = replace(message, to=tuple(key for key in message.to if key != agent))
            if not message.to:
                continue
        left.append(message)
    draft.change(messages=tuple(left))


def hand_out(draft: Draft, agents: Sequence[str]) -> None:
    """Agents begin: they hear what nobody was there for."""
    draft.change(
        messages=tuple(
            message if message.to else replace(message, to=tuple(agents)) for message in draft.state.messages
        )
    )
