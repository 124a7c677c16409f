"""Calls to a provider over real HTTP: what is sent, what comes back, and what each failure becomes."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from agents.runtime.errors import PassingError, PermanentError
from agents.runtime.turn import ToolSpec, TurnRequest, begin_turn, take_turn, user_message
from tests.agents.conftest import KEY
from tests.agents.playing import Conversation
from tests.provider import Call, Calls, Cut, Hang, Provider, Raw, Say, Status, Trickle

MODEL = "openai:gpt-5-mini"
MODELS = ["openai:gpt-5-mini", "anthropic:claude-sonnet-5", "google:gemini-2.5-flash"]


def ask(model: str = MODEL, *, timeout: float = 5.0, tools: tuple[ToolSpec, ...] = ()) -> Any:
    """One question without a history."""
    return take_turn(TurnRequest(model, [user_message("Hello")], tools, timeout))


@pytest.mark.parametrize("model", MODELS)
def test_a_text_comes_back_with_its_usage(provider: Provider, model: str) -> None:
    """Rule 2.6: `provider:model` names reach OpenAI, Anthropic and Google, each at its own address."""
    provider.answer(Say("Hello yourself.", tokens=(120, 7)))
    answer = ask(model)
    assert (answer.text, answer.calls, answer.more) == ("Hello yourself.", (), False)
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.requests) == (120, 7, 1)
    assert answer.usage.cost > 0


@pytest.mark.parametrize("model", ["openai:gpt-5-mini", "anthropic:claude-sonnet-5"])
def test_cached_tokens_count_as_input(provider: Provider, model: str) -> None:
    """interfaces.md 5: `input_tokens` are all tokens that went in, cached ones too."""
    provider.answer(Say("x", tokens=(120, 7), cached=100))
    assert ask(model).usage.input_tokens == 120


@pytest.mark.parametrize("model", ["openai:gpt-5-mini", "anthropic:claude-sonnet-5"])
def test_reasoning_is_kept_apart_from_the_text(provider: Provider, model: str) -> None:
    """interfaces.md 5: an agent's work shows its reasoning beside its result."""
    provider.answer(Say("42", reasoning="Let me think."))
    answer = ask(model)
    assert (answer.text, answer.reasoning) == ("42", "Let me think.")


@pytest.mark.parametrize("model", MODELS)
def test_tool_calls_and_their_results_make_a_history(provider: Provider, model: str) -> None:
    """Rule 5.5: two calls in one turn come back in order, and the next request carries both results."""
    calls = (Call("share_results", {"results": {"a": 1}}, "call_a"), Call("check_workflow", {"run_id": "r"}, "call_b"))
    provider.answer(Calls(calls, text="One moment."), Say("Done."))
    talk = Conversation(model)
    first = talk.turn(lambda call: {"from": call.name})
    assert first.text == "One moment."
    assert [(call.name, call.args) for call in first.calls] == [(call.name, call.args) for call in calls]
    assert talk.turn().text == "Done."
    sent = str(provider.requests[1].body)
    assert sent.index("from") < sent.rindex("from")
    assert "You test." in sent


def test_tools_are_offered_as_they_are_described(provider: Provider) -> None:
    """Rule 2.3: the model sees the tools that it has."""
    spec = ToolSpec("share_results", "Share.", {"type": "object", "properties": {"results": {"type": "object"}}})
    ask(tools=(spec,))
    (tool,) = provider.requests[0].body["tools"]
    assert tool["function"]["name"] == "share_results"
    assert tool["function"]["description"] == "Share."
    assert tool["function"]["parameters"]["properties"]["results"]["type"] == "object"


def test_the_openai_name_speaks_chat_completions(provider: Provider) -> None:
    """Rule 2.6: `openai:` works with every compatible server."""
    ask()
    assert provider.requests[0].path == "/v1/chat/completions"
    assert provider.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit"), (500, "server_error"), (503, "server_error")])
def test_a_passing_status_is_told_as_such_after_one_call(
    provider: Provider, model: str, status: int, kind: str
) -> None:
    """Rule 2.7, F13: 429 and 5xx may pass; the retries are ours, so the SDK makes one call only."""
    provider.answer(Status(status, "Slow down.", {"Retry-After": "7"} if status == 429 else {}))
    with pytest.raises(PassingError, match="Slow down") as raised:
        ask(model)
    assert raised.value.kind == kind
    assert raised.value.retry_after == (7 if status == 429 else None)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("said", ["1e12", "-5", "soon", "nan"])
def test_a_wait_that_is_none_is_left_out(provider: Provider, said: str) -> None:
    """Rule 2.7: the back-off is ours where the provider asks for nonsense."""
    provider.answer(Status(429, headers={"Retry-After": said}))
    with pytest.raises(PassingError) as raised:
        ask()
    assert not raised.value.retry_after


def test_an_overloaded_provider_is_a_server_error(provider: Provider) -> None:
    """Rule 2.7: 529 too."""
    provider.answer(Status(529))
    with pytest.raises(PassingError) as raised:
        ask("anthropic:claude-sonnet-5")
    assert raised.value.kind == "server_error"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_permanent_and_speaks_the_providers_words(provider: Provider, model: str, status: int) -> None:
    """Rule 2.7: a bad key, an unknown model, a refused request fail at once; F15: trimmed, and without the key."""
    provider.answer(Status(status, f"No such thing for {KEY}. " + "And so on. " * 100))
    with pytest.raises(PermanentError, match="No such thing") as raised:
        ask(model)
    assert KEY not in raised.value.message
    assert len(raised.value.message) < 600


def test_a_wrong_key_is_refused_without_repeating_it(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """P22: no key in a message, though the provider repeats it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    with pytest.raises(PermanentError, match="Incorrect API key") as raised:
        ask()
    assert raised.value.kind == "bad_key"
    assert "0123456789" not in raised.value.message


def test_an_unknown_model_is_permanent(provider: Provider) -> None:
    """Rule 2.7: unknown model."""
    provider.models = frozenset({"gpt-5-mini"})
    with pytest.raises(PermanentError, match="`gpt-9` does not exist") as raised:
        ask("openai:gpt-9")
    assert raised.value.kind == "unknown_model"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("slow", [Hang(), Trickle(every=0.02)])
def test_the_deadline_is_total(provider: Provider, model: str, slow: Hang | Trickle) -> None:
    """F14: a provider that hangs, or lets its answer trickle, is cut off by our clock, and its connection is closed."""
    provider.answer(slow)
    started = monotonic()
    with pytest.raises(PassingError, match=r"in 1 s") as raised:
        ask(model, timeout=1)
    assert raised.value.kind == "timeout"
    assert monotonic() - started < 30  # the stand-in would go on for minutes
    if isinstance(slow, Hang):
        assert provider.abandoned.wait(60)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("answered", [True, False])
def test_a_broken_connection_may_pass(provider: Provider, model: str, answered: bool) -> None:
    """F13: a reset before the answer or in the middle of it."""
    provider.answer(Cut(answered=answered))
    with pytest.raises(PassingError) as raised:
        ask(model)
    assert raised.value.kind == "connection"
    assert len(provider.requests) == 1


def test_a_provider_that_is_not_there_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """F13: connection refused."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(PassingError) as raised:
        ask()
    assert raised.value.kind == "connection"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("body", [b'{"id": "chat', b"<html>Bad gateway</html>", b"", b"[]"])
def test_an_answer_that_cannot_be_read_may_pass(provider: Provider, model: str, body: bytes) -> None:
    """F13: truncated or foreign bodies."""
    provider.answer(Raw(body))
    with pytest.raises(PassingError) as raised:
        ask(model)
    assert raised.value.kind == "server_error"


def test_a_redirect_is_not_followed(provider: Provider) -> None:
    """The key goes to the address that was set, and nowhere else."""
    provider.answer(Status(307, "moved", {"Location": f"{provider.address}/v1/chat/completions"}))
    with pytest.raises(PermanentError, match="redirect"):
        ask()
    assert len(provider.requests) == 1


def test_an_abandoned_call_closes_its_connection(provider: Provider) -> None:
    """Rule 10.1: the model call in flight is abandoned."""
    provider.answer(Hang())
    future = begin_turn(TurnRequest(MODEL, [user_message("x")], timeout=60))
    deadline = monotonic() + 5
    while not provider.requests and monotonic() < deadline:
        provider.abandoned.wait(0.01)
    assert future.cancel()
    assert provider.abandoned.wait(5)


def test_a_cut_answer_carries_a_warning(provider: Provider) -> None:
    """An answer that ended at the limit of tokens is used, and says so."""
    provider.answer(Say("Half an ans", finish="length"))
    answer = ask()
    assert answer.text == "Half an ans"
    assert answer.warnings == ("The answer was cut off at the model's limit of tokens.",)


def test_an_answer_stopped_by_a_filter_is_permanent(provider: Provider) -> None:
    """Rule 2.7: a refused request fails at once."""
    provider.answer(Say("", finish="content_filter"))
    with pytest.raises(PermanentError, match="content filter"):
        ask()


def test_an_empty_text_is_an_end(provider: Provider) -> None:
    """Rule 1.6: empty text counts as none, and is no error."""
    provider.answer(Say(""))
    assert ask().text == ""


def test_one_client_serves_all_calls(provider: Provider) -> None:
    """The hot path: model objects and connections are kept, not made for each turn."""
    from agents.runtime import clients
    from agents.runtime.models import endpoint_of

    assert clients.model_of(endpoint_of(MODEL)) is clients.model_of(endpoint_of(MODEL))
