"""Reading a model's answer: made safe to store and to send back, then taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ModelResponse, ModelResponsePart, ToolCallPart

from agents.runtime.errors import Passing, PassingError, PermanentError
from agents.runtime.limits import ANSWER_BYTES, ARGUMENT_DEPTH, TOOL_NAME, deeper_than
from agents.runtime.stored import dump
from agents.runtime.turn import Message, ToolCall, TurnAnswer, Usage

# Where a provider wants an object, text that is none travels under this name; the model layer uses the same.
_INVALID = "INVALID_JSON"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def read(response: ModelResponse, seconds: float) -> TurnAnswer:
    """The answer in our terms.

    Raises PermanentError where it was refused or is too large, PassingError where it broke off.
    """
    message = _storable(replace(response, parts=_sendable(response.parts)))
    parts = message["parts"]
    texts = [part["content"] for part in parts if part["part_kind"] == "text"]
    calls = tuple(_call(part) for part in parts if part["part_kind"] == "tool-call")
    _check_end(response, empty=not calls and not any(texts))
    metadata = response.metadata or {}
    return TurnAnswer(
        message=message,
        text="".join(texts) if texts or not calls else None,
        calls=calls,
        usage=_usage(response),
        seconds=seconds,
        reasoning="\n\n".join(part["content"] for part in parts if part["part_kind"] == "thinking" and part["content"]),
        warnings=(*metadata.get("warnings", ()), *_warnings(response)),
        more=bool(metadata.get("more")),
        last=bool(metadata.get("last")),
    )


def _check_end(response: ModelResponse, *, empty: bool) -> None:
    if response.finish_reason == "content_filter" and empty:
        raise PermanentError("refused", "The provider's content filter stopped the answer.")
    if empty and (response.finish_reason == "error" or not (response.finish_reason or response.parts)):
        raise PassingError(Passing.SERVER_ERROR, "The provider's answer is empty, without a reason.")


def _warnings(response: ModelResponse) -> tuple[str, ...]:
    return ("The answer was cut off at the model's limit of tokens.",) if response.finish_reason == "length" else ()


def _usage(response: ModelResponse) -> Usage:
    usage = response.usage
    return Usage(usage.input_tokens, usage.output_tokens, 1, _cost(response))


def _cost(response: ModelResponse) -> float:
    if response.usage.cost is not None:
        return float(response.usage.cost)
    if not response.model_name or not response.usage.has_values():
        return 0.0
    try:
        return float(response.cost().total_price)
    except (LookupError, ValueError):  # not in the list of prices, or no tokens reported
        return 0.0


def _call(part: Message) -> ToolCall:
    args = part["args"]
    return ToolCall(part["tool_call_id"], part["tool_name"], args[_INVALID] if args.keys() == {_INVALID} else args)


def _sendable(parts: Sequence[ModelResponsePart]) -> list[ModelResponsePart]:
    """Tool calls as every provider takes them back: arguments an object, a proper name, an id of their own."""
    taken: set[str] = set()
    sendable: list[ModelResponsePart] = []
    for part in parts:
        if isinstance(part, ToolCallPart):
            call_id = part.tool_call_id
            if not call_id or call_id in taken:
                call_id = f"{call_id or 'call'}-{len(taken) + 1}"
            taken.add(call_id)
            name = _NOT_IN_NAMES.sub("_", part.tool_name)[:TOOL_NAME] or "unnamed"
            part = ToolCallPart(
                name,
                _object(part.args),
                call_id,
                id=part.id,
                provider_name=part.provider_name,
                provider_details=part.provider_details,
            )
        sendable.append(part)
    return sendable


def _object(args: Any) -> dict[str, Any]:
    """Arguments as an object; text that is no strict JSON object, or nests too deep, is kept as text inside one."""
    if not args:
        return {}
    if isinstance(args, dict):
        return _whole(args) if not deeper_than(args, ARGUMENT_DEPTH) else {_INVALID: "nested too deep"}
    try:
        found = json.loads(args, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {_INVALID: args}
    return _whole(found) if isinstance(found, dict) and not deeper_than(found, ARGUMENT_DEPTH) else {_INVALID: args}


def _whole(args: dict[str, Any]) -> dict[str, Any]:
    """Without half characters: as names of arguments the model layer cannot even write them down."""
    text = json.dumps(args)
    if "\\ud" not in text:
        return args
    return dict(json.loads(_replaced(json.dumps(args, ensure_ascii=False))))


def _replaced(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _storable(response: ModelResponse) -> Message:
    """The stored form, checked for what no database takes: half characters, NaN, megabytes."""
    message = dump(response)
    message["usage"] = {name: value for name, value in message["usage"].items() if value}
    text = json.dumps(message, ensure_ascii=False)
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        text = _replaced(text)
        message, size = json.loads(text), len(text)
    if size > ANSWER_BYTES:
        raise PermanentError("too_large", f"The answer is larger than {ANSWER_BYTES:,} bytes.")
    return message
