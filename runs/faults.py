"""Named crash points. They do nothing unless BATON_FAULTS=1, which a production start refuses."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

_hits: Counter[str] = Counter()


def _plan() -> dict[tuple[str, int], str]:
    """BATON_FAULT_PLAN is `name@hit:action,…`; the only actions are kill9 and raise."""
    plan: dict[tuple[str, int], str] = {}
    for entry in filter(None, os.environ.get("BATON_FAULT_PLAN", "").split(",")):
        place, action = entry.split(":")
        name, hit = place.split("@")
        plan[name, int(hit)] = action
    return plan


class InjectedFault(Exception):
    """A crash point was told to raise."""


def _armed(name: str) -> None:
    _hits[name] += 1
    action = _PLAN.get((name, _hits[name]))
    if action is None:
        return
    # A plan is played once per data folder: the process that takes over must not die of it again.
    marker = Path(os.environ["BATON_FAULT_LOG"]) / f"{name}.{_hits[name]}"
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if action == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    raise InjectedFault(name)


def _idle(name: str) -> None:
    """Outside of fault tests a crash point is an empty call."""


_PLAN = _plan() if os.environ.get("BATON_FAULTS") == "1" else {}
crash_point = _armed if _PLAN else _idle
