"""The browsable description of the API, in a real browser, under the content security policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_the_description_of_the_api_works_without_any_other_host(stack: Stack, open_page: Callable[..., Page]) -> None:
    """Interfaces 5: browsable at /api/v1/docs."""
    page = open_page(f"{stack.url}/healthz")
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{stack.url}/api/v1/docs")
    expect(page.get_by_text("/api/v1/projects/{p}/members", exact=True).first).to_be_visible(timeout=30_000)

    assert complaints == []
    assert [url for url in asked if not url.startswith((stack.url, "data:"))] == []


def test_a_page_that_names_no_icon_has_one(stack: Stack) -> None:
    """Browsers ask for it by themselves, when they feel like it."""
    answer = stack.client.get("/favicon.ico", follow_redirects=True)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
