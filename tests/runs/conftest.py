"""Projects on the shared stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.runs.casting import Block
from tests.runs.play import Play
from tests.stack import Stack


@pytest.fixture
def play(stack: Stack) -> Callable[..., Play]:
    """A new project of these workflows: `play(workflow(...), ...)`."""

    def new(*workflows: Block, **options: Any) -> Play:
        return Play(stack, *workflows, **options)

    return new


@pytest.fixture(scope="session")
def browser(stack: Stack) -> Iterator[httpx.Client]:
    """A client with the session of admin, signed in by a one-time link."""
    made = stack.manage("login_link", "admin")
    assert made.returncode == 0, made.stderr
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False, follow_redirects=True) as client:
        assert client.get(made.stdout.split()[-1]).status_code == 200
        yield client
