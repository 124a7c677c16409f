"""Sockets of the running product: who may watch, and what is told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.stack import Stack

PROJECT = """
format: baton/1
project: {name: Sockets, default_model: scripted}
agents:
  - {name: slow, script: [{share: {a: 1}, sleep: 0.3}, {say: done, sleep: 0.3}]}
workflows:
  - {name: Slow, stages: [{name: one, assignments: [{agent: slow}]}]}
"""


@pytest.fixture(scope="module")
def session(stack: Stack) -> str:
    """The cookie of somebody who signed in by a one-time link."""
    link = stack.manage("login_link", "admin").stdout.strip()
    with httpx.Client(base_url=stack.url, trust_env=False) as browser:
        browser.get(httpx.URL(link).path)
        cookie = f"sessionid={browser.cookies['sessionid']}"
    sent = stack.api("POST", "/projects/import", content=PROJECT.encode(), headers={"Content-Type": "application/yaml"})
    assert sent.status_code == 201, sent.text
    return cookie


def started(stack: Stack) -> str:
    """A run that takes a moment."""
    run: str = stack.api("POST", "/projects/sockets/workflows/Slow/runs", json={"input": ""}).json()["id"]
    return run


def opened(stack: Stack, path: str, cookie: str = "", origin: str | None = None) -> ClientConnection:
    """A socket as a browser opens it."""
    headers = {"Cookie": cookie} if cookie else {}
    address = f"{stack.url.replace('http', 'ws')}{path}"
    return connect(address, additional_headers=headers, origin=Origin(origin or stack.url), proxy=None)


def frame(socket: ClientConnection) -> Any:
    """The next frame."""
    return json.loads(socket.recv(timeout=30))


def test_a_socket_says_how_far_a_run_has_come_until_its_end(stack: Stack, session: str) -> None:
    """Rule 12.1: the socket says "now at event N"; the last N is the number of the last event."""
    run = started(stack)
    with opened(stack, f"/ws/runs/{run}", session) as socket:
        seen = [frame(socket)["seq"]]
        while stack.api("GET", f"/runs/{run}").json()["finished_at"] is None or seen[-1] < last_event(stack, run):
            seen.append(frame(socket)["seq"])
    assert seen == sorted(seen)
    assert seen[-1] == last_event(stack, run)


def last_event(stack: Stack, run: str) -> int:
    """The number of the newest event."""
    items = stack.api("GET", f"/runs/{run}/events?limit=500").json()["items"]
    return int(items[-1]["seq"])


def test_what_a_browser_sends_decides_nothing(stack: Stack, session: str) -> None:
    """interfaces.md 7: nothing is ever decided over a socket."""
    run = started(stack)
    with opened(stack, f"/ws/runs/{run}", session) as socket:
        socket.send(json.dumps({"type": "cancel", "run": run}))
        assert frame(socket)["seq"] >= 1
    assert stack.api("GET", f"/runs/{run}").json()["status"] != "cancelled"


@pytest.mark.parametrize("who", ["nobody", "foreign page"])
def test_who_may_not_watch_gets_nothing(stack: Stack, session: str, who: str) -> None:
    """Rule 12.4: no socket without a session, and none from a page of another origin."""
    run = started(stack)
    cookie, origin = ("", None) if who == "nobody" else (session, "https://elsewhere.example")
    refused = pytest.raises((InvalidStatus, ConnectionClosed))
    with refused, opened(stack, f"/ws/runs/{run}", cookie, origin) as socket:
        frame(socket)
