"""Viewers of a run as the browser's live client is one (static/js/live.js), without a browser.

Each has a socket that brings news, and a connection on which what was missed is asked for. They are thin, since they
share the machine with the server.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

_SEQ = re.compile(rb'id="live-seq" data-seq="(\d+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_PATIENCE = 60.0  # seconds


@dataclass
class Viewer:
    """One open page. `seen` is the number of the newest event that it shows."""

    port: int
    run: str
    cookie: str
    seen: int = 0
    wanted: int = 0
    shown: list[tuple[int, float]] = field(default_factory=list)  # (seq, when), in order
    asked: int = 0  # requests for what was missed
    socket: ClientConnection | None = None

    async def open(self) -> None:
        """Connect, and catch up as a page does."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.socket = await connect(
            f"ws://127.0.0.1:{self.port}/ws/runs/{self.run}?tab=live",
            additional_headers={"Cookie": f"sessionid={self.cookie}"},
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            proxy=None,
            compression=None,
            max_size=None,
        )
        self._note(json.loads(await self.socket.recv())["seq"] - 1)
        await self._catch_up()

    async def follow(self) -> None:
        """Follow the run until the socket is closed."""
        assert self.socket is not None
        async for frame in self.socket:
            self._heard(frame)
            if self.wanted > self.seen:
                await self._catch_up()

    def when_at(self, seq: int) -> float:
        """When the page showed this event: the time of the first answer that held it."""
        return next(at for shown, at in self.shown if shown >= seq)

    def _heard(self, frame: Any) -> None:
        told = json.loads(frame)
        self.wanted = max(self.wanted, told.get("seq", 0))
        if "content" in told and told["since"] <= self.seen:
            self._note(told["seq"])

    def _note(self, seq: int) -> None:
        self.seen = max(self.seen, seq)
        self.shown.append((self.seen, time.time()))

    async def _catch_up(self) -> None:
        while True:
            before, self.asked = self.seen, self.asked + 1
            self._note(int(_SEQ.findall(await self._get(f"/r/{self.run}/sync?since={before}"))[-1]))
            if self.wanted <= self.seen or self.seen == before:
                return

    async def _get(self, path: str) -> bytes:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: sessionid={self.cookie}\r\n\r\n"
        self._writer.write(head.encode())
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        assert b" 200 " in answer[:20], answer
        assert length is not None, answer
        return await self._reader.readexactly(int(length[1]))


class Watching:
    """Many viewers of one run, one per cookie."""

    def __init__(self, port: int, run: str, cookies: list[str]) -> None:
        self.viewers = [Viewer(port, run, cookie) for cookie in cookies]


async def watch(watching: Watching, writer: subprocess.Popen[str]) -> dict[int, float]:
    """Open every page, let the writer write, and return when each has shown the last event.

    Answers what was committed when: numbers of events to the time right after their commit."""
    assert writer.stdin is not None
    assert writer.stdout is not None
    for each in watching.viewers:
        await each.open()
    following = [asyncio.create_task(each.follow()) for each in watching.viewers]
    writer.stdin.write("go\n")
    writer.stdin.flush()
    committed = json.loads(await asyncio.to_thread(writer.stdout.readline))
    last = max(seq for seq, _ in committed)
    async with asyncio.timeout(_PATIENCE):
        while any(each.seen < last for each in watching.viewers):
            await asyncio.sleep(0.01)
            for task in following:
                assert not task.done(), task.exception() or "The server closed a socket."
    for task in following:
        task.cancel()
    for each in watching.viewers:
        if each.socket is not None:
            await each.socket.close()
    return dict(committed)
