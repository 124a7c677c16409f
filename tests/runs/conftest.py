"""Projects on the shared stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.provider import Provider, running
from tests.runs.casting import Block
from tests.runs.play import Play
from tests.stack import Stack


@pytest.fixture
def play(stack: Stack) -> Callable[..., Play]:
    """A new project of these workflows: `play(workflow(...), ...)`."""

    def new(*workflows: Block, **options: Any) -> Play:
        return Play(stack, *workflows, **options)

    return new


@pytest.fixture(scope="package")
def browser(stack: Stack) -> Iterator[httpx.Client]:
    """A client with the session of admin, signed in by a one-time link."""
    made = stack.manage("login_link", "admin")
    assert made.returncode == 0, made.stderr
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False, follow_redirects=True) as client:
        assert client.get(made.stdout.split()[-1]).status_code == 200
        yield client


@pytest.fixture(scope="package")
def _provider() -> Iterator[Provider]:
    with running(key="sk-test-0123456789abcdef") as provider:
        yield provider


@pytest.fixture(scope="package")
def small_stack(_provider: Provider) -> Iterator[Stack]:
    """A stack with a single slot (one worker of one thread), a model provider, and no self-triggering at all."""
    env = {
        "SELF_TRIGGER_LIMIT": "0",
        "OPENAI_BASE_URL": _provider.openai_url,
        "OPENAI_API_KEY": "sk-test-0123456789abcdef",
        "NO_PROXY": "127.0.0.1",
    }
    one = Stack(threads=1, env=env)
    try:
        yield one.start()
    finally:
        one.stop()


@pytest.fixture
def small(small_stack: Stack) -> Callable[..., Play]:
    """A new project on the stack with a single slot."""

    def new(*workflows: Block, **options: Any) -> Play:
        return Play(small_stack, *workflows, **options)

    return new


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    """The provider that the stack with a single slot asks, for its model `openai:stand-in`."""
    return _provider
