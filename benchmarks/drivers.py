"""The drivers: each brings the reference work to a running Baton and measures what comes of it."""

from __future__ import annotations

import json
import os
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from benchmarks.bed import PROJECT, Bed, moment, seconds_between
from benchmarks.log import broken_logs, doubled_children, steps_between

Figures = dict[str, float]
RESULT = {"a": 1, "b": 2, "c": 3}
_SELDOM = 0.25  # seconds between looks at the database while everything is busy
_HANDS = 4  # people who answer gates at the same time
_PARENTS = "parent_id IS NULL AND workflow_name = 'Parent'"


class Wrong(Exception):
    """The product did not do what it should have; figures of it mean nothing."""


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


class Latency:
    """W one after the other, in parts, so that what they are compared with can be measured between them.

    Milliseconds from `created_at` to `finished_at`. Both are read at the beginning of their transactions, so that the
    last commit comes on top (benchmarks.trace measures it). `http` is what the caller of `?wait=` saw, `taken_up` is
    the way from the start to the worker.
    """

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self._since = datetime.now(UTC)
        self._inside: list[float] = []
        self._http: list[float] = []
        self._taken_up: list[float] = []

    def sample(self, count: int) -> None:
        """Do some W."""
        for _ in range(count):
            clock = time.perf_counter()
            run = self._bed.run_one()
            self._http.append((time.perf_counter() - clock) * 1000)
            if run["result"] != {"kind": "structured", "value": RESULT}:
                raise Wrong(f"a W ended with {run['result']}")
            self._inside.append(seconds_between(run["created_at"], run["finished_at"]) * 1000)
            self._taken_up.append(seconds_between(run["created_at"], run["started_at"]) * 1000)

    def figures(self) -> Figures:
        """What all parts together say."""
        return {
            "p50": statistics.median(self._inside),
            "p95": percentile(self._inside, 0.95),
            "http": statistics.median(self._http),
            "taken_up": statistics.median(self._taken_up),
        }

    def steps(self) -> Figures:
        """What each step took by the log."""
        return steps_between(self._bed, self._since)


def accept(bed: Bed, count: int) -> Figures:
    """Starts without waiting, one after the other: milliseconds of the request."""
    taken = []
    for _ in range(count):
        clock = time.perf_counter()
        bed.call("POST", f"/projects/{PROJECT}/workflows/Parent/runs", {"input": "go"})
        taken.append((time.perf_counter() - clock) * 1000)
        bed.wait_for_all()
    return {"accept": statistics.median(taken)}


def throughput(bed: Bed, count: int) -> Figures:
    """Many W at once: W per second until the last has ended."""
    started = datetime.now(UTC)
    bed.submit(count)
    submitted = datetime.now(UTC)
    bed.wait_for_all(every=_SELDOM)
    _check(bed, started, count)
    return {
        "per_second": count / (bed.last_end() - started).total_seconds(),
        "submit": (submitted - started).total_seconds(),
    }


def gates(bed: Bed, count: int) -> Figures:
    """Runs go to a gate, wait, are answered one by one, and end."""
    # What a worker that was killed in an earlier round held is nobody's slot; Redis gives it back after minutes.
    before, of_dead = bed.memory(), _taken(bed)
    started = datetime.now(UTC)
    bed.submit(count, "Gated")
    bed.wait_for(lambda: bed.count("status = 'waiting'") == count, "all runs at their gates", _SELDOM)
    waiting = bed.rows("SELECT max(opened_at) FROM runs_gate")[0][0]
    time.sleep(1.0)  # what rings is over and the caches are as they will be for hours
    memory, slots = bed.memory(), _taken(bed) - of_dead
    beside = bed.run_one()
    ids = _open_gates(bed)
    answered = datetime.now(UTC)
    with ThreadPoolExecutor(_HANDS) as hands:
        list(hands.map(lambda gate: _answer(bed, gate), ids))
    bed.wait_for_all(every=_SELDOM)
    ended = bed.count("workflow_name = 'Gated' AND status = 'completed' AND created_at >= %s", [started])
    if ended != count:
        raise Wrong(f"{ended} of {count} runs ended after their gate")
    return {
        "to_waiting": (moment(waiting) - started).total_seconds(),
        "to_end": (bed.last_end() - answered).total_seconds(),
        "slots": float(slots),
        "memory": memory,
        "held": memory - before,
        "beside": seconds_between(beside["created_at"], beside["finished_at"]) * 1000,
    }


def _taken(bed: Bed) -> int:
    """Messages that workers have taken and not finished."""
    return bed.stack.redis().hlen("unacked")


def _open_gates(bed: Bed) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = bed.call("GET", f"/projects/{PROJECT}/gates?status=open&limit=500{after}")
        found += [gate["id"] for gate in page["items"]]
        cursor = page["next"]
    return found


def _answer(bed: Bed, gate: str) -> None:
    bed.call("POST", f"/gates/{gate}/answer", {"option": "Approve"})


def recovery(bed: Bed, count: int) -> Figures:
    """The only worker is killed in the middle; the supervisor starts another. Nothing may be lost or doubled."""
    workers = bed.stack.pids("worker")  # looked up before: the middle is short
    started = datetime.now(UTC)
    bed.submit(count)
    half = max(1, count // 2)
    ended = f"{_PARENTS} AND finished_at >= %s"
    bed.wait_for(lambda: bed.count(ended, [started]) >= half, "half of the W")
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    killed = datetime.now(UTC)
    done_before = bed.count(ended, [started])
    beat = "SELECT min(at) FROM runs_heartbeat WHERE role = 'worker' AND at > %s"
    bed.wait_for(lambda: bed.rows(beat, [killed])[0][0], "the next worker")
    again = bed.rows(beat, [killed])[0][0]
    bed.wait_for(lambda: bed.count("finished_at > %s", [killed]) > 0, "an end after the kill")
    first = bed.rows("SELECT min(at) FROM runs_event WHERE at > %s", [killed])[0][0]
    bed.wait_for_all()
    return {
        "killed": float(len(workers)),
        "left": float(count - done_before),
        "again": seconds_between(killed, again),
        "first": (moment(first) - killed).total_seconds(),
        "all": (bed.last_end() - killed).total_seconds(),
        **_losses(bed, started, count),
    }


def _check(bed: Bed, since: datetime, count: int) -> None:
    wrong = _losses(bed, since, count)
    if any(wrong.values()):
        raise Wrong(f"of {count} W: {wrong}")


def _losses(bed: Bed, since: datetime, count: int) -> Figures:
    """How many W since then have not ended with their result, have more than one child, or a log with gaps."""
    ended = bed.rows(
        f"SELECT result FROM runs_workflowrun WHERE {_PARENTS} AND status = 'completed' AND created_at >= %s",  # noqa: S608
        [since],
    )
    right = sum(1 for (result,) in ended if _value(result) == RESULT)
    children = bed.count("parent_id IS NOT NULL AND status = 'completed' AND created_at >= %s", [since])
    return {
        "lost": float(2 * count - right - children),
        "doubled": float(doubled_children(bed, since)),
        "broken_logs": float(broken_logs(bed, since)),
    }


def _value(result: Any) -> Any:
    return (json.loads(result) if isinstance(result, str) else result)["value"]
