"""Sockets under load: many pages watch one run that has much to tell."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidMessage
from websockets.typing import Origin

from tests.plugin import ROOT
from tests.runs.casting import gated
from tests.runs.play import Play
from tests.stack import Stack

Json = Any
SOCKETS, EVENTS, SECONDS = 200, 100, 5
_PATIENCE = 300.0  # seconds; a busy machine is slow, and nothing here measures time
# What a worker does beside the web process: events, twenty a second, each in a commit of its own.
_WRITER = f"""
from threading import Event
from uuid import UUID
from runs.control import send_message
print("ready", flush=True)
input()
for number in range({EVENTS}):
    send_message(UUID("RUN"), f"Message {{number}}.", by="load")
    Event().wait({SECONDS / EVENTS})
"""


@dataclass
class Page:
    """An open page: with a tab it is brought fragments, without one only numbers."""

    address: str
    cookie: str
    shown: list[int] = field(default_factory=list)  # the numbers of events in fragments, as they came
    told: list[int] = field(default_factory=list)

    async def open(self) -> None:
        """Connect, again where a busy machine lets a handshake wait too long, and hear how far the run is."""
        while True:
            try:
                self.socket = await self._connect()
                break
            except (InvalidHandshake, InvalidMessage, OSError):
                continue
        self._hear(await self.socket.recv())

    async def _connect(self) -> ClientConnection:
        return await connect(
            self.address.replace("http", "ws", 1),
            additional_headers={"Cookie": self.cookie},
            origin=Origin(self.address.split("/ws/")[0]),
            proxy=None,
            compression=None,
            open_timeout=_PATIENCE,
        )

    async def follow(self, last: int) -> None:
        """Hear everything until the run is told to be that far."""
        while self.told[-1] < last:
            self._hear(await self.socket.recv())

    def _hear(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if "content" in frame:
            assert frame["since"] == self.told[-1]
            self.shown += reversed(rows_of(frame["content"]))
        self.told.append(frame["seq"])


def rows_of(fragments: str) -> list[int]:
    """The events in fragments, as they stand in the timeline: the newest first."""
    return [int(seq) for seq in re.findall(r'id="event-(\d+)"', fragments)]


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[httpx.Client]:
    """Somebody who is signed in."""
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=60) as made:
        made.get(httpx.URL(stack.manage("login_link", "admin").stdout.strip()).path)
        yield made


async def _watched(pages: list[Page], cut: Page, last: int, writer: subprocess.Popen[str]) -> None:
    """Open the pages, let the run tell what it has to, and follow it to its last event; one page is cut off early."""
    opening = asyncio.Semaphore(5)

    async def open_one(page: Page) -> None:
        async with opening:
            await page.open()

    async with asyncio.timeout(_PATIENCE):
        await asyncio.gather(*map(open_one, [*pages, cut]))
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
        await cut.follow(cut.told[0] + 1)
        await cut.socket.close()
        await asyncio.gather(*(page.follow(last) for page in pages))
        await cut.open()
        await cut.follow(last)
        for page in [*pages, cut]:
            await page.socket.close()


def test_two_hundred_pages_lose_nothing_of_twenty_events_a_second(stack: Stack, browser: httpx.Client) -> None:
    """Issue 4, real parts; rule 12.1, T16: all end at the same number, and who was cut off catches up by number."""
    play = Play(stack, gated("Slow"))
    run = play.until_waiting(play.start("Slow"))
    address, cookie = f"{stack.url}/ws/runs/{run['id']}", f"sessionid={browser.cookies['sessionid']}"
    pages = [Page(f"{address}{'?tab=live' if place % 2 else ''}", cookie) for place in range(SOCKETS - 1)]
    cut = Page(f"{address}?tab=live", cookie)
    first = play.events(run)[-1]["seq"]
    last = first + EVENTS
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", _WRITER.replace("RUN", run["id"])]
    with subprocess.Popen(
        command, cwd=ROOT, env=stack.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            asyncio.run(_watched(pages, cut, last, writer))
        finally:
            writer.kill()

    assert [event["seq"] for event in play.events(run)] == list(range(1, last + 1))
    for page in [*pages, cut]:
        assert page.told == sorted(page.told)
        assert page.told[-1] == last
    brought = {tuple(page.shown) for page in pages if page.address.endswith("live")}
    assert brought == {tuple(range(first + 1, last + 1))}
    seen = cut.shown[-1] if cut.shown else first
    missed = browser.get(f"/r/{run['id']}/sync?since={seen}").text
    assert sorted(set(rows_of(missed))) == list(range(seen + 1, last + 1))
