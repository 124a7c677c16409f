"""What the tests of the runtime share: a stand-in provider, and nothing of the machine's own keys or proxies."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import provider as stand_in

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[stand_in.Provider]:
    """A stand-in to which the environment's OPENAI_, ANTHROPIC_ and GOOGLE_ variables lead.

    A proxy that leads nowhere is set too: a runtime that inherited it would reach nothing.
    """
    with stand_in.running(key=KEY) as running:
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
            monkeypatch.setenv(name, KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", running.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.address)
        monkeypatch.setenv("GOOGLE_BASE_URL", running.address)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        yield running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that ask a real model are taken out, rather than skipped, unless BATON_TEST_MODEL=1 asks for them."""
    if os.environ.get("BATON_TEST_MODEL") == "1":
        return
    asking = [item for item in items if item.get_closest_marker("model")]
    if asking:
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]
