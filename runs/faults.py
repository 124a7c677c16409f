"""Named crash points. They do nothing unless BATON_FAULTS=1, which a production start refuses.

The plan is `name@hit:action,…`, in BATON_FAULT_PLAN or in the file `plan` of the folder BATON_FAULT_LOG, where it may
change while processes run. Hits are counted over all processes, in the file `hits` there, before anything happens.
"""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path


class InjectedFault(Exception):
    """A crash point was told to raise."""


def _armed(name: str) -> None:
    """Count and log a hit, and do what the plan says about it."""
    point = f"{name}@{_count(name)}"
    action = _plan().get(point)
    if action is not None:
        _ACTIONS[action]()


def _folder() -> Path:
    return Path(os.environ["BATON_FAULT_LOG"])


def _plan() -> dict[str, str]:
    place = _folder() / "plan"
    text = place.read_text() if place.exists() else os.environ.get("BATON_FAULT_PLAN", "")
    entries = (entry.split(":") for entry in text.split(",") if entry)
    return dict(entries)


def _count(name: str) -> int:
    """The number of this hit. It is on the disk before anything dies of it, so that nobody dies of it again."""
    log = os.open(_folder() / "hits", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        before = os.pread(log, 1 << 24, 0).decode().splitlines()
        number = 1 + sum(1 for line in before if line.split()[1].split("@")[0] == name)
        os.write(log, f"{os.getpid()} {name}@{number}\n".encode())
        os.fsync(log)
        return number
    finally:
        os.close(log)


def _raise() -> None:
    raise InjectedFault


_ACTIONS = {
    "kill9": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise,
}


def _idle(name: str) -> None:
    """Outside of fault tests a crash point is an empty call."""


crash_point = _armed if os.environ.get("BATON_FAULTS") == "1" else _idle
