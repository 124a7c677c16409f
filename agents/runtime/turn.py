"""One model turn: what is asked, what comes back, and the two ways to ask. The model layer is loaded on first use."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from agents.runtime.prompt import Prompt, compose

if TYPE_CHECKING:
    from agents.runtime.script import Step

Json = Any
Message = dict[str, Json]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as a model sees it; `parameters` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Json]


@dataclass(frozen=True)
class ToolCall:
    """A tool call of a model. `args` is an object, or the raw text where the model wrote something else."""

    id: str
    name: str
    args: Json


@dataclass(frozen=True)
class Usage:
    """What a turn used up. Tokens of a cache count as input; `cost` is in US dollars, 0 where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 1
    cost: float = 0.0


@dataclass(frozen=True)
class TurnRequest:
    """One question to a model.

    `messages` are stored messages, oldest first. `timeout` is the total time for the answer in seconds. `script` and
    `values` are for the scripted model: its steps, and the names that they may use (`attempt_failures` is how many
    tries of this very turn have failed already); `result` and `calls` are added from the messages.
    """

    model: str
    messages: Sequence[Message]
    tools: tuple[ToolSpec, ...] = ()
    timeout: float = 120.0
    script: tuple[Step, ...] = ()
    values: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnAnswer:
    """What a model answered. `message` is its stored form; `seconds` is how long it took.

    `text` is None where the model wrote none beside its tool calls. `more` says that the text does not end the agent's
    work, though no tool is called. `last` says that the model has nothing to add once its tools have been run: only the
    scripted model knows that.
    """

    message: Message
    text: str | None
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    reasoning: str = ""
    warnings: tuple[str, ...] = ()
    more: bool = False
    last: bool = False


def take_turn(request: TurnRequest) -> TurnAnswer:
    """Ask the model and wait for the answer. Raises PassingError or PermanentError."""
    return begin_turn(request).result()


def begin_turn(request: TurnRequest) -> Future[TurnAnswer]:
    """Ask the model without waiting.

    The future gets the answer or one of the two errors; cancelling it abandons the call.
    """
    future: Future[TurnAnswer] = _layer().begin(request)
    return future


def first_messages(prompt: Prompt) -> list[Message]:
    """The stored messages that open a conversation."""
    system, user = compose(prompt)
    return [_stored().opening(system, user)]


def user_message(text: str) -> Message:
    """A stored message with a text for the model."""
    message: Message = _stored().opening("", text)
    return message


def tool_returns(results: Sequence[tuple[ToolCall, Json]]) -> Message:
    """One stored message with the results of all tool calls of a turn, in call order."""
    message: Message = _stored().returns([(call.id, call.name, result) for call, result in results])
    return message


def warm_up() -> None:
    """Load the model layer and start the loop now rather than within the first turn; workers call it at their start."""
    _layer().warm_up()


# The model layer takes a second and 70 MB to import; the web process and plain commands never pay for it.
@cache
def _layer() -> ModuleType:
    return importlib.import_module("agents.runtime.asking")


@cache
def _stored() -> ModuleType:
    return importlib.import_module("agents.runtime.stored")
