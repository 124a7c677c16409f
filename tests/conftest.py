"""What every test may use: a running stack, and the promise that nothing reaches a network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.client import ClientHandler
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests import migrated
from tests.plugin import PG_URL, ROOT
from tests.stack import Stack

_real_connect = socket.socket.connect
_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """No test may leave this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(_LOOPBACK):
            raise RuntimeError(f"a test tried to reach the network: {address}")
        _real_connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _one_chain_of_middleware() -> Iterator[None]:
    """Let all of Django's test clients share one: for each, WhiteNoise would look at every static file anew."""
    made: dict[str, Any] = {}
    load = ClientHandler.load_middleware

    def load_once(self: ClientHandler, is_async: bool = False) -> None:
        if not made:
            load(self, is_async)
            made.update({name: value for name, value in vars(self).items() if name.endswith(("_middleware", "_chain"))})
        vars(self).update(made)

    patch = pytest.MonkeyPatch()
    patch.setattr(ClientHandler, "load_middleware", load_once)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let Django begin with a copy of the migrated database; it migrates what is missing, which is nothing."""
    test = connections[DEFAULT_DB_ALIAS].settings_dict["TEST"]
    server_url = os.environ.get(PG_URL, "")
    template = migrated.empty(server_url)
    if server_url:
        test["TEMPLATE"] = template.source
    else:
        shutil.copyfile(template.source, test["NAME"])


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Use that copy. It goes with the folder of the tests, or with the server."""
    return True


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One running Baton without the demo, shared by the tests of this process: use names of your own, kill nothing."""
    running = Stack()
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def new_stack() -> Iterator[Callable[..., Stack]]:
    """Start a Baton of one's own, to be killed at will: `new_stack(demo=True, threads=1, env={...})`."""
    made: list[Stack] = []

    def start(**options: Any) -> Stack:
        made.append(Stack(**options))
        return made[-1].start()

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def open_page() -> Iterator[Callable[..., Page]]:
    """Open an address in a real browser: `open_page(stack.link)`. Pages of one test share the session.

    Options go to the browser's context: `viewport={"width": 390, "height": 844}`, `color_scheme="dark"`.
    """
    chrome = subprocess.run([ROOT / "scripts" / "browser"], capture_output=True, text=True, check=True).stdout.strip()
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome, args=sandbox)
        contexts: list[BrowserContext] = []

        def go(address: str, **options: Any) -> Page:
            if not contexts or options:
                contexts.append(browser.new_context(**options))
            page = contexts[-1].new_page()
            page.goto(address)
            return page

        yield go
        browser.close()


# These files take long and wait much. Begun last, one of them would keep a single core busy in the end.
_LONG = (
    "tests/faults/",
    "tests/house/test_up.py",
    "tests/house/test_benchmark.py",
    "tests/journeys/",
    "tests/browser/",
    "tests/engine/test_machine_model.py",
    "tests/runs/",
    "tests/sockets/",
)
# What these try is how texts are judged, pages are rendered and addresses described: the same on either database.
_ONCE = (
    "tests/web/",
    "tests/api/test_openapi.py",
    "tests/api/test_strictness.py",
    "tests/builder/test_import_corpus.py",
    "tests/builder/test_names_corpus.py",
    "tests/house/",
    "tests/sockets/",
)
_DATABASE = {"db", "transactional_db", "stack", "new_stack"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what runs again on PostgreSQL before tests are chosen by their marks; long files first after all others have
    sorted."""
    _mark_what_runs_again(items)
    yield
    items.sort(key=lambda item: next((at for at, name in enumerate(_LONG) if item.nodeid.startswith(name)), len(_LONG)))


def _mark_what_runs_again(items: list[pytest.Item]) -> None:
    """All that uses a database, without browser and models."""
    for item in items:
        if item.nodeid.startswith(_ONCE):
            continue
        uses = _DATABASE & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
        if uses and not any(item.get_closest_marker(name) for name in ("browser", "model", "sqlite_only")):
            item.add_marker("postgres_too")
