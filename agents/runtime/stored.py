"""Messages between their stored form, plain JSON, and the form in which the model layer takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
)

from agents.runtime.values import as_text

Json = Any
Stored = dict[str, Json]


def dump(message: ModelMessage) -> Stored:
    """The stored form of a message."""
    # None is the default of every field that can be None; values inside arguments and results keep theirs.
    return cast(Stored, ModelMessagesTypeAdapter.dump_python([message], mode="json", exclude_none=True)[0])


def load(messages: Sequence[Mapping[str, Json]]) -> list[ModelMessage]:
    """Stored messages for the model layer."""
    return ModelMessagesTypeAdapter.validate_python([_plain(message) for message in messages])


def answers(messages: Sequence[Mapping[str, Json]]) -> list[ModelResponse]:
    """The model's answers among stored messages."""
    found = load([message for message in messages if message["kind"] == "response"])
    return [message for message in found if isinstance(message, ModelResponse)]


def opening(system: str, user: str) -> Stored:
    """A request with a user text, and a system text where there is one."""
    parts: list[ModelRequestPart] = [SystemPromptPart(system)] if system else []
    return dump(ModelRequest(parts=[*parts, UserPromptPart(user)]))


def returns(results: Sequence[tuple[str, str, Json]]) -> Stored:
    """A request with tool results: (call id, tool name, result) each, in call order."""
    return dump(ModelRequest(parts=[ToolReturnPart(name, result, call_id) for call_id, name, result in results]))


def results_in(messages: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Every tool result of a conversation so far, in order."""
    return [part.get("content") for message in messages for part in message["parts"] if _is_result(part)]


def _is_result(part: Mapping[str, Json]) -> bool:
    return bool(part["part_kind"] == "tool-return")


def _plain(message: Mapping[str, Json]) -> Mapping[str, Json]:
    """Results as text: a result that happens to look like a file of the model layer must never be taken for one."""
    if message["kind"] != "request" or not any(map(_is_result, message["parts"])):
        return message
    return {**message, "parts": [_as_text(part) if _is_result(part) else part for part in message["parts"]]}


def _as_text(part: Mapping[str, Json]) -> Mapping[str, Json]:
    return {**part, "content": as_text(part.get("content"))}
