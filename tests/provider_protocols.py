"""How the stand-in speaks: OpenAI's Chat Completions, and what is needed of Anthropic's and Google's protocols."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

if TYPE_CHECKING:
    from tests.provider import Calls, Say, Status

Json = Any


class Protocol(Shape):
    """One provider's way to ask and to answer."""

    def speaks(self, path: str) -> bool: ...
    def model(self, path: str, body: Json) -> str: ...
    def key(self, headers: Mapping[str, str]) -> str: ...
    def history_problem(self, body: Json) -> str | None: ...
    def render(self, answer: Say | Calls, model: str) -> Json: ...
    def error(self, status: Status) -> Json: ...


class OpenAI:
    """Chat Completions with tool calls, usage, and the checks of a history."""

    def speaks(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def model(self, path: str, body: Json) -> str:
        return str(body["model"])

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def history_problem(self, body: Json) -> str | None:
        """What OpenAI refuses with 400: open calls, results without a call, arguments that are no object."""
        open_calls: list[str] = []
        for message in body["messages"]:
            if message["role"] == "tool":
                if message["tool_call_id"] not in open_calls:
                    return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                open_calls.remove(message["tool_call_id"])
                continue
            if open_calls:
                return "An assistant message with 'tool_calls' must be followed by tool messages for each of them."
            for call in message.get("tool_calls") or ():
                if not isinstance(_parsed(call["function"]["arguments"]), dict):
                    return "The arguments of a tool call must be a JSON object."
                open_calls.append(call["id"])
        return "Tool calls without a result." if open_calls else None

    def render(self, answer: Say | Calls, model: str) -> Json:
        usage_in, usage_out = answer.tokens
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_800_000_000,
            "model": model,
            "choices": [{"index": 0, "message": self._message(answer), "finish_reason": self._finish(answer)}],
            "usage": {
                "prompt_tokens": usage_in,
                "completion_tokens": usage_out,
                "total_tokens": usage_in + usage_out,
                "prompt_tokens_details": {"cached_tokens": getattr(answer, "cached", 0)},
            },
        }

    def _message(self, answer: Say | Calls) -> Json:
        message: dict[str, Json] = {"role": "assistant", "content": answer.text}
        if reasoning := getattr(answer, "reasoning", ""):
            message["reasoning_content"] = reasoning
        if calls := getattr(answer, "calls", ()):
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": call.args if isinstance(call.args, str) else json.dumps(call.args),
                    },
                }
                for call in calls
            ]
        return message

    def _finish(self, answer: Say | Calls) -> str:
        return getattr(answer, "finish", None) or ("tool_calls" if getattr(answer, "calls", ()) else "stop")

    def error(self, status: Status) -> Json:
        code = {404: "model_not_found", 401: "invalid_api_key"}.get(status.status)
        return {"error": {"message": status.words, "type": "invalid_request_error", "param": None, "code": code}}


class Anthropic:
    """The Messages API, as far as a turn needs it."""

    def speaks(self, path: str) -> bool:
        return path.partition("?")[0].endswith("/v1/messages")

    def model(self, path: str, body: Json) -> str:
        return str(body["model"])

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")

    def history_problem(self, body: Json) -> str | None:
        return None if body.get("max_tokens") else "max_tokens: Field required"

    def render(self, answer: Say | Calls, model: str) -> Json:
        calls = getattr(answer, "calls", ())
        content: list[Json] = []
        if reasoning := getattr(answer, "reasoning", ""):
            content.append({"type": "thinking", "thinking": reasoning, "signature": "c2lnbmF0dXJl"})
        content += [{"type": "text", "text": answer.text}] if answer.text else []
        content += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.args} for call in calls]
        cached = getattr(answer, "cached", 0)
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": content,
            "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None,
            "usage": {
                "input_tokens": answer.tokens[0] - cached,
                "output_tokens": answer.tokens[1],
                "cache_read_input_tokens": cached,
                "cache_creation_input_tokens": 0,
            },
        }

    def error(self, status: Status) -> Json:
        kind = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}.get(status.status)
        return {"type": "error", "error": {"type": kind or "invalid_request_error", "message": status.words}}


class Google:
    """The Gemini API's generateContent, as far as a turn needs it."""

    def speaks(self, path: str) -> bool:
        return path.endswith(":generateContent")

    def model(self, path: str, body: Json) -> str:
        return path.rpartition("/")[2].removesuffix(":generateContent")

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def history_problem(self, body: Json) -> str | None:
        return None

    def render(self, answer: Say | Calls, model: str) -> Json:
        calls = getattr(answer, "calls", ())
        parts: list[Json] = [{"text": answer.text}] if answer.text else []
        parts += [{"functionCall": {"name": call.name, "args": call.args}} for call in calls]
        usage_in, usage_out = answer.tokens
        return {
            "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {
                "promptTokenCount": usage_in,
                "candidatesTokenCount": usage_out,
                "totalTokenCount": usage_in + usage_out,
            },
            "modelVersion": model,
        }

    def error(self, status: Status) -> Json:
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
        name = names.get(status.status, "INTERNAL")
        return {"error": {"code": status.status, "message": status.words, "status": name}}


PROTOCOLS: tuple[Protocol, ...] = (OpenAI(), Anthropic(), Google())


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return None
