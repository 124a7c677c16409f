"""Growth: whether a full database, or a long run, makes a step cost more."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks import ceiling
from benchmarks.bed import PROJECT, Bed, seconds_between
from benchmarks.drivers import Figures, percentile

_FINISHED = "status = 'completed'"
_PARTS = 10  # the two databases take turns in so many parts
_PAGE = 50


def fill(bed: Bed, runs: int) -> float:
    """Bring the number of finished runs up to `runs`, by W; returns W per second."""
    count = max(0, runs - bed.count(_FINISHED) + 1) // 2
    started = datetime.now(UTC)
    bed.submit(count)
    bed.wait_for_all(every=0.25)
    return count / max(0.001, (bed.last_end() - started).total_seconds()) if count else 0.0


def compare(beds: Sequence[Bed], count: int) -> list[Figures]:
    """The same on several databases in turn: W latency and the run list in milliseconds, beside the ceiling."""
    latency: list[list[float]] = [[] for _ in beds]
    listed: list[list[float]] = [[] for _ in beds]
    commits: list[list[float]] = [[] for _ in beds]
    for _ in range(_PARTS):
        for place, bed in enumerate(beds):
            commits[place] += ceiling.measure(bed, 3)
            for _ in range(max(1, count // _PARTS)):
                run = bed.run_one()
                latency[place].append(seconds_between(run["created_at"], run["finished_at"]) * 1000)
                listed[place].append(_list_runs(bed))
    return [
        {
            "p50": statistics.median(latency[place]),
            "list_p50": statistics.median(listed[place]),
            "list_p95": percentile(listed[place], 0.95),
            "ceiling": statistics.median(commits[place]),
        }
        for place in range(len(beds))
    ]


def _list_runs(bed: Bed) -> float:
    clock = time.perf_counter()
    page = bed.call("GET", f"/projects/{PROJECT}/runs?limit={_PAGE}")
    taken = (time.perf_counter() - clock) * 1000
    assert len(page["items"]) == _PAGE
    return taken


def long_runs(bed: Bed, visits: Sequence[int], rounds: int) -> dict[int, float]:
    """Milliseconds per stage visit of runs with so many visits; medians of rounds, each with every length."""
    taken: dict[int, list[float]] = {count: [] for count in visits}
    for _ in range(rounds):
        for count in visits:
            # Short runs are repeated, so that each length is measured for about as long.
            runs = [bed.run_one(f"Visits {count}") for _ in range(max(1, min(10, 100 // count)))]
            each = [seconds_between(run["started_at"], run["finished_at"]) * 1000 / count for run in runs]
            taken[count].append(statistics.median(each))
    return {count: statistics.median(values) for count, values in taken.items()}
