"""Plays whole conversations through `take_turn`, storing every message as JSON text in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from agents.runtime.prompt import Prompt
from agents.runtime.script import Step
from agents.runtime.turn import Message, ToolCall, TurnAnswer, TurnRequest, first_messages, take_turn, tool_returns

Json = Any
VALUES: dict[str, Json] = {
    "input": "the input",
    "visit": 1,
    "stage": "Draft",
    "agent": "Writer",
    "results": {},
    "hooks": {},
    "workflows": {},
}


def steps(*script: Mapping[str, Json]) -> tuple[Step, ...]:
    """Steps as a project file spells them."""
    return tuple(Step.model_validate(step) for step in script)


def stored(message: Message) -> Message:
    """A message after a stay in a database."""
    loaded: Message = json.loads(json.dumps(message, allow_nan=False))
    return loaded


class Conversation:
    """An agent run with one model; each `turn` appends its answer and the results of its tools."""

    def __init__(self, model: str = "scripted", *, script: tuple[Step, ...] = (), timeout: float = 5.0) -> None:
        self.model = model
        self.script = script
        self.timeout = timeout
        self.messages = [stored(message) for message in first_messages(Prompt(perspective="You test.", task="Test."))]

    def request(self, **values: Json) -> TurnRequest:
        """What the next turn asks."""
        known = {**VALUES, **values}
        return TurnRequest(self.model, self.messages, timeout=self.timeout, script=self.script, values=known)

    def turn(self, reply: Callable[[ToolCall], Json] = lambda call: {"ok": call.name}, **values: Json) -> TurnAnswer:
        """Take a turn, and answer its tool calls with `reply`."""
        answer = take_turn(self.request(**values))
        self.messages.append(stored(answer.message))
        if answer.calls:
            self.messages.append(stored(tool_returns([(call, reply(call)) for call in answer.calls])))
        return answer


def scripted(*script: Mapping[str, Json]) -> Conversation:
    """A conversation with the scripted model."""
    return Conversation(script=steps(*script))
