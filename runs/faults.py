"""Named crash points. They do nothing unless BATON_FAULTS=1, which a production start refuses.

The plan is `name@hit:action,…`, in BATON_FAULT_PLAN or in the file `plan` of the folder BATON_FAULT_LOG, where it may
change while processes run. Each hit is written to the file `hits` there before anything happens.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path


class InjectedFault(Exception):
    """A crash point was told to raise."""


class _Plan:
    """The plan as this process knows it, and how often each point was hit under it."""

    def __init__(self) -> None:
        self._folder = Path(os.environ.get("BATON_FAULT_LOG", ""))
        self._guard = threading.Lock()
        self._text = ""
        self._actions: dict[tuple[str, int], str] = {}
        self._hits: Counter[str] = Counter()

    def hit(self, name: str) -> None:
        """Count and log a hit, and do what the plan says about it."""
        with self._guard:
            self._read()
            self._hits[name] += 1
            number = self._hits[name]
            self._append(f"{os.getpid()} {name}@{number}\n")
            action = self._actions.get((name, number))
            if action is not None and self._is_first(f"{name}@{number}"):
                _ACTIONS[action]()

    def _read(self) -> None:
        place = self._folder / "plan"
        text = place.read_text() if place.exists() else os.environ.get("BATON_FAULT_PLAN", "")
        if text == self._text:
            return
        self._text = text
        self._hits.clear()
        self._actions = {}
        for entry in filter(None, text.split("\n")[0].split(",")):
            point, action = entry.split(":")
            name, number = point.split("@")
            self._actions[name, int(number)] = action

    def _append(self, line: str) -> None:
        log = os.open(self._folder / "hits", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(log, line.encode())
        os.fsync(log)
        os.close(log)

    def _is_first(self, point: str) -> bool:
        """A plan is played once: the process that takes over must not die of it again."""
        try:
            os.close(os.open(self._folder / f"fired {point}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def _raise() -> None:
    raise InjectedFault


_ACTIONS = {
    "kill9": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
}


def _idle(name: str) -> None:
    """Outside of fault tests a crash point is an empty call."""


crash_point = _Plan().hit if os.environ.get("BATON_FAULTS") == "1" else _idle
