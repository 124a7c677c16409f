"""Model objects and their HTTP clients, one of each per process for every model, key and address."""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from inspect import signature
from typing import Any

import httpx2
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.settings import ModelSettings

from agents.runtime.errors import PermanentError
from agents.runtime.models import Endpoint

_NO_KEY = "none"  # what the SDKs want where a server needs no key
_CONNECTIONS = httpx2.Limits(max_connections=1_000, max_keepalive_connections=100)
# Without a limit of tokens the Anthropic SDK streams; with this one an answer stays one response.
_ANTHROPIC_TOKENS = 16_384

_building = threading.Lock()


def model_of(endpoint: Endpoint) -> Model[Any]:
    """The model object of an endpoint, made on first use. Raises PermanentError where the provider cannot be used."""
    with _building:
        return _model(endpoint)


@lru_cache(maxsize=256)  # names come from users: old ones may go, their client stays
def _model(endpoint: Endpoint) -> Model[Any]:
    provider = _provider(endpoint.provider, endpoint.key, endpoint.base_url)
    if endpoint.provider in ("openai", "openai-chat"):
        return OpenAIChatModel(endpoint.model, provider=provider)
    if endpoint.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel  # an SDK of its own, loaded where it is used

        return AnthropicModel(endpoint.model, provider=provider, settings=ModelSettings(max_tokens=_ANTHROPIC_TOKENS))
    try:
        return infer_model(f"{endpoint.provider}:{endpoint.model}", provider_factory=lambda _: provider)
    except UserError as error:
        raise PermanentError(
            "unknown_model", f"{endpoint.provider}:{endpoint.model} cannot be used: {error}"
        ) from error


@cache
def _provider(name: str, key: str, base_url: str | None) -> Provider[Any]:
    kind = infer_provider_class(name)
    given = {"api_key": key or _NO_KEY, "base_url": base_url, "http_client": _client()}
    taken = {option: value for option, value in given.items() if option in signature(kind.__init__).parameters}
    provider: Provider[Any] = kind(**taken)
    # Retries are rows of ours. The OpenAI and Anthropic SDKs would retry twice by themselves; Google's does not.
    if hasattr(provider.client, "max_retries"):
        provider.client.max_retries = 0
    return provider


def _client() -> httpx2.AsyncClient:
    """A client that inherits no proxy and follows no redirect, so that a key goes nowhere but to its own address."""
    return httpx2.AsyncClient(trust_env=False, follow_redirects=False, limits=_CONNECTIONS, timeout=None)
