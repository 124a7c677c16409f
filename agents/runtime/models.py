"""Model names: which provider they mean, and with what key and address it is reached. Nothing is contacted here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.runtime.errors import PermanentError

SCRIPTED = "scripted"
_EXAMPLE = "openai:gpt-5-mini"
_MODEL = re.compile(r"(?!.*\.\.)[A-Za-z0-9][\w./:@+-]{0,199}")  # it becomes part of an address with some providers


@dataclass(frozen=True)
class Provider:
    """Under which names the environment holds what a provider needs; the first that is set counts."""

    keys: tuple[str, ...]
    base_urls: tuple[str, ...] = ()
    own_server: bool = False  # a server at a base URL of one's own may need no key
    needs_base_url: bool = False


_OPENAI = Provider(("OPENAI_API_KEY",), ("OPENAI_BASE_URL",), own_server=True)

PROVIDERS: dict[str, Provider] = {
    "openai": _OPENAI,  # Chat Completions, the protocol that every compatible server speaks
    "openai-chat": _OPENAI,
    "openai-responses": _OPENAI,
    "anthropic": Provider(("ANTHROPIC_API_KEY",), ("ANTHROPIC_BASE_URL",)),
    "google": Provider(("GOOGLE_API_KEY", "GEMINI_API_KEY"), ("GOOGLE_BASE_URL", "GOOGLE_GEMINI_BASE_URL")),
    "alibaba": Provider(("ALIBABA_API_KEY", "DASHSCOPE_API_KEY")),
    "cerebras": Provider(("CEREBRAS_API_KEY",)),
    "crusoe": Provider(("CRUSOE_API_KEY",)),
    "deepseek": Provider(("DEEPSEEK_API_KEY",)),
    "fireworks": Provider(("FIREWORKS_API_KEY",)),
    "heroku": Provider(("HEROKU_INFERENCE_KEY",)),
    "moonshotai": Provider(("MOONSHOTAI_API_KEY",), ("MOONSHOTAI_BASE_URL",)),
    "nebius": Provider(("NEBIUS_API_KEY",)),
    "ollama": Provider(("OLLAMA_API_KEY",), ("OLLAMA_BASE_URL",), own_server=True, needs_base_url=True),
    "openrouter": Provider(("OPENROUTER_API_KEY",)),
    "ovhcloud": Provider(("OVHCLOUD_API_KEY",)),
    "sambanova": Provider(("SAMBANOVA_API_KEY",), ("SAMBANOVA_BASE_URL",)),
    "together": Provider(("TOGETHER_API_KEY",)),
    "vercel": Provider(("VERCEL_AI_GATEWAY_API_KEY",)),
    "vllm": Provider(("VLLM_API_KEY",), ("VLLM_BASE_URL",), own_server=True, needs_base_url=True),
    "zai": Provider(("ZAI_API_KEY",)),
}


@dataclass(frozen=True)
class Endpoint:
    """A model, and how it is reached. `key` is "" where the server needs none."""

    provider: str
    model: str
    key: str = field(repr=False)
    base_url: str | None


def check_model(name: str, env: Mapping[str, str] | None = None) -> None:
    """Refuse a model that cannot be asked. Raises PermanentError that says what to set, and where.

    `env` holds keys and addresses by name; the process environment when it is left out.
    """
    if name != SCRIPTED:
        endpoint_of(name, env)


def endpoint_of(name: str, env: Mapping[str, str] | None = None) -> Endpoint:
    """What `provider:model` means. Raises PermanentError for an unknown name, a missing key or a wrong address."""
    known = os.environ if env is None else env
    provider_name, _, model = name.partition(":")
    provider = PROVIDERS.get(provider_name)
    if provider is None or not _MODEL.fullmatch(model.strip()):
        raise PermanentError("unknown_model", _unknown(name))
    base_url = _base_url(provider, known)
    return Endpoint(provider_name, model.strip(), _key(provider_name, provider, base_url, known), base_url)


def _unknown(name: str) -> str:
    return (
        f"There is no model {name[:200]!r}. A model is `{SCRIPTED}` or `provider:model`, such as `{_EXAMPLE}`; "
        f"providers: {', '.join(PROVIDERS)}."
    )


def _key(name: str, provider: Provider, base_url: str | None, env: Mapping[str, str]) -> str:
    variable, key = _first(provider.keys, env)
    if not key and not (provider.own_server and base_url):
        instead = f" (or {provider.base_urls[0]} for a server of your own)" if provider.own_server else ""
        wanted = " or ".join(provider.keys)
        raise PermanentError("no_key", f"The provider {name} has no key: set {wanted}{instead} in the environment.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise PermanentError("no_key", f"{variable} holds characters that are in no key.")
    return key


def _base_url(provider: Provider, env: Mapping[str, str]) -> str | None:
    variable, url = _first(provider.base_urls, env)
    if url and not url.startswith(("http://", "https://")):
        raise PermanentError("wrong_address", f"{variable} must start with http:// or https://.")
    if not url and provider.needs_base_url:
        raise PermanentError("wrong_address", f"Set {provider.base_urls[0]} to the address of your server.")
    return url or None


def _first(names: tuple[str, ...], env: Mapping[str, str]) -> tuple[str, str]:
    return next(((name, value) for name in names if (value := env.get(name, "").strip())), ("", ""))
