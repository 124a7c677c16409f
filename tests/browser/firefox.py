"""Firefox as it is installed, driven over WebDriver BiDi: its own remote protocol, no driver beside it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

from projects.stack.children import die_with_parent
from tests.browser.drawing import Point
from tests.stack import free_port
from tests.waiting import wait_until

Json = Any
CONTROL, SHIFT, ENTER, ESCAPE = "\ue009", "\ue008", "\ue007", "\ue00c"
_START = 30  # seconds


def find_firefox() -> str:
    """Where Firefox is: $FIREFOX, or what is installed; "" without one."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox") or ""


class Firefox:
    """One Firefox with one tab and a profile of its own: `with Firefox() as firefox`."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            home = tempfile.mkdtemp(prefix="baton-firefox-")
            opened.callback(shutil.rmtree, home, ignore_errors=True)
            port = free_port()
            command = [find_firefox(), "--headless", "--no-remote", "--profile", home]
            process = subprocess.Popen(
                [*command, f"--remote-debugging-port={port}"],
                env={**os.environ, "HOME": home},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=partial(die_with_parent, os.getpid()),
            )
            opened.callback(process.wait, 20)
            opened.callback(process.terminate)
            wait_until(partial(_listens, port), _START, "Firefox")
            address = f"ws://127.0.0.1:{port}/session"
            self._socket = opened.enter_context(connect(address, max_size=None, proxy=None))
            self._number = 0
            self.complaints: list[str] = []
            self._do("session.new", capabilities={})
            self._do("session.subscribe", events=["log.entryAdded"])
            self._tab = self._do("browsingContext.getTree")["contexts"][0]["context"]
            self._do("browsingContext.setViewport", context=self._tab, viewport={"width": 1280, "height": 800})
            self._opened = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.close()

    def _do(self, method: str, **parameters: Json) -> Json:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            heard = json.loads(self._socket.recv(timeout=60))
            if heard.get("id") == self._number:
                assert heard["type"] == "success", heard
                return heard["result"]
            if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                self.complaints.append(heard["params"]["text"])

    # What a person does

    def go(self, address: str) -> None:
        """Load a page."""
        self._do("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def ask(self, expression: str) -> Json:
        """What an expression of JavaScript is, as JSON."""
        target = {"context": self._tab}
        told = self._do("script.evaluate", expression=f"JSON.stringify({expression})", target=target, awaitPromise=True)
        assert told["type"] == "success", told
        return json.loads(told["result"].get("value", "null"))

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        wait_until(lambda: self.ask(expression), 10, expression)

    def middle(self, selector: str) -> Point:
        """The middle of an element in the window, scrolled to."""
        box = f"(one => (one.scrollIntoViewIfNeeded?.(), one.getBoundingClientRect()))({find(selector)})"
        x, y = self.ask(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({box})")
        return x, y

    def pointer(self, *points: Point) -> None:
        """Press at the first point, go along the others, let go at the last."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 50} for x, y in points]
        press, release = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        mouse = {"type": "pointer", "id": "mouse", "actions": [moves[0], press, *moves[1:], release]}
        self._do("input.performActions", context=self._tab, actions=[mouse])

    def click(self, selector: str) -> None:
        """Click something."""
        self.pointer(self.middle(selector))

    def press(self, *keys: str) -> None:
        """Press keys together."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        board = {"type": "key", "id": "keys", "actions": down + up}
        self._do("input.performActions", context=self._tab, actions=[board])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find(selector: str) -> str:
    """The expression that finds an element."""
    return f"document.querySelector({json.dumps(selector)})"
