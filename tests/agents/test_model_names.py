"""Names of models: what they mean, and what is said where they cannot be used."""

from __future__ import annotations

import pytest

from agents.runtime.errors import PermanentError
from agents.runtime.models import PROVIDERS, check_model, endpoint_of
from agents.runtime.turn import TurnRequest, take_turn, user_message


@pytest.mark.parametrize("name", ["scripted", "openai:gpt-5-mini", "openai-responses:gpt-5", "anthropic:c", "google:g"])
def test_a_model_with_its_key_can_be_used(name: str) -> None:
    """Rule 2.6: keys come by the names of the environment."""
    check_model(name, {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k"})


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai:gpt-5-mini", "OPENAI_API_KEY"),
        ("anthropic:claude", "ANTHROPIC_API_KEY"),
        ("google:gemini", "GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("deepseek:chat", "DEEPSEEK_API_KEY"),
    ],
)
def test_a_missing_key_is_named(name: str, variable: str) -> None:
    """Rule 2.6: the error says what to set."""
    with pytest.raises(PermanentError, match=variable) as raised:
        check_model(name, {})
    assert raised.value.kind == "no_key"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt-5-mini",
        "openai:",
        "openai: ",
        "acme:model",
        ":x",
        "Scripted",
        "google:../files",
        "openai:a b",
        "gateway/openai:x",
    ],
)
def test_an_unknown_name_is_told_what_is_allowed(name: str) -> None:
    """Rule 2.7: an unknown model is permanent, and the message helps."""
    with pytest.raises(PermanentError, match="`provider:model`") as raised:
        check_model(name, {"OPENAI_API_KEY": "k"})
    assert raised.value.kind == "unknown_model"
    assert "anthropic" in raised.value.message


def test_a_server_of_ones_own_needs_no_key() -> None:
    """interfaces.md 8: OPENAI_BASE_URL alone is enough for a local server."""
    endpoint = endpoint_of("openai:local", {"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"})
    assert (endpoint.key, endpoint.base_url) == ("", "http://127.0.0.1:8000/v1")


def test_a_wrong_address_is_named() -> None:
    """interfaces.md 8: a wrong value is told by its name."""
    with pytest.raises(PermanentError, match="OPENAI_BASE_URL must start with"):
        check_model("openai:x", {"OPENAI_BASE_URL": "localhost:8000"})
    with pytest.raises(PermanentError, match="OLLAMA_BASE_URL"):
        check_model("ollama:x", {})


@pytest.mark.parametrize("key", ["ключ-ключ", "two words", "line\nbreak"])
def test_a_key_that_can_be_none_is_named(key: str) -> None:
    """interfaces.md 8: a pasted mistake is told by the variable's name and not repeated."""
    with pytest.raises(PermanentError, match="OPENAI_API_KEY holds characters") as raised:
        check_model("openai:x", {"OPENAI_API_KEY": key})
    assert key not in raised.value.message


def test_a_key_is_never_shown_by_repr() -> None:
    """P22: no key in a log line."""
    assert "secret" not in repr(endpoint_of("openai:x", {"OPENAI_API_KEY": "secret"}))


def test_a_turn_fails_as_the_check_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 2.7: a permanent error fails at once, without a call."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(PermanentError, match="ANTHROPIC_API_KEY"):
        take_turn(TurnRequest("anthropic:claude", [user_message("x")]))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_listed_provider_can_be_built(provider: str) -> None:
    """Rule 2.6: what the list promises is installed."""
    from agents.runtime import clients

    listed = PROVIDERS[provider]
    model_name = "acme/some-model"  # OpenRouter wants the maker in front
    env = dict.fromkeys(listed.keys, "key-0123456789") | dict.fromkeys(listed.base_urls, "http://127.0.0.1:9/v1")
    model = clients.model_of(endpoint_of(f"{provider}:{model_name}", env))
    assert model.model_name == model_name
    assert getattr(getattr(model, "client", None), "max_retries", 0) == 0
