"""One running Baton with the demo, one browser, and pages that must not complain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect, sync_playwright

from tests.browser.chrome import ARGUMENTS, find_chrome
from tests.browser.firefox import find_firefox
from tests.stack import Stack

OpenPage = Callable[..., Page]
collect_ignore = [] if find_firefox() else ["test_second_engine.py"]
PATIENCE = 60_000  # milliseconds that a page may take on a busy machine
# A page that a click led to is used when its scripts are there, as the one that `goto` opens.
_ARRIVED = "addEventListener('DOMContentLoaded', () => { document.documentElement.dataset.arrived = 'true'; })"
_NETWORK = re.compile("Failed to load resource|WebSocket|htmx:ws:error|Failed to fetch|AbortError")
_ON_ITS_WAY = "html:not([data-arrived])"


def wait_for_scripts(page: Page) -> None:
    """From now on whatever a test does on this page, or expects of it, waits until the page has its scripts."""
    page.add_init_script(_ARRIVED)
    page.add_locator_handler(page.locator(_ON_ITS_WAY), lambda: None)  # it then waits until nothing matches


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether a page's script says that something is wrong.

    Answers that are no success, and what breaks off when a page is left before it is done, are reported too: what the
    page makes of it is what the tests look at.
    """
    return message.type == "error" and not _NETWORK.search(message.text)


def hurry(page: Page) -> None:
    """From now on this page is used as soon as it is seen, by somebody who is quicker than its scripts."""
    page.remove_locator_handler(page.locator(_ON_ITS_WAY))


@pytest.fixture(scope="package")
def demo() -> Iterator[Stack]:
    """One running Baton with the demo project, for all browser tests of this process; its scheduler would go on."""
    running = Stack(demo=True)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """The browser. Ends with this folder: while it runs, Django's ORM cannot be used in this process."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chrome(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def session(chrome: Browser, demo: Stack) -> StorageState:
    """The cookies of a signed-in admin."""
    context = chrome.new_context()
    page = context.new_page()
    page.goto(demo.link)  # as it was printed a moment ago
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def open_context(chrome: Browser, session: StorageState, demo: Stack) -> Iterator[Callable[..., BrowserContext]]:
    """Open a browser of one's own: `open_context(color_scheme="dark")`; signed in, unless told otherwise.

    The test fails when one of its pages complains: a script's error, or what the content security policy refused.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if is_complaint(message):
            complaints.append(message.text)

    def failed(text: str) -> None:
        if not _NETWORK.search(text):
            complaints.append(text)

    def create(*, signed_in: bool = True, **options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        if signed_in:
            options["storage_state"] = session
        context = chrome.new_context(base_url=demo.url, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", heard)
        context.on("weberror", lambda error: failed(str(error.error)))
        if options.get("java_script_enabled", True):
            context.on("page", wait_for_scripts)
        contexts.append(context)
        return context

    yield create
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_page(open_context: Callable[..., BrowserContext]) -> OpenPage:
    """Open an address in a browser of its own: `open_page("/approvals", java_script_enabled=False)`."""

    def go(address: str, **options: Any) -> Page:
        page = open_context(**options).new_page()
        page.goto(address)
        return page

    return go
