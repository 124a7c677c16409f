"""What the figures are held against."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.bed import POSTGRES, SQLITE


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with two limits: what the product has to keep now, and where it is to go."""

    name: str
    where: str
    figure: str  # a name of Report.derived
    unit: str
    first: float | None
    second: float | None
    at_least: bool = False  # the figure has to be this large, not at most this large

    def met(self, value: float, limit: float) -> bool:
        """Whether a value keeps a limit."""
        return value >= limit if self.at_least else value <= limit

    def factor(self, value: float, limit: float) -> float:
        """How many times better the figure has to become."""
        return limit / value if self.at_least else value / limit


def _each(name: str, figure: str, unit: str, first: float | None, second: float | None) -> tuple[Target, Target]:
    sqlite, postgres = (Target(name, where, figure, unit, first, second) for where in (SQLITE, POSTGRES))
    return sqlite, postgres


LEASE = 30.0  # seconds, the default
TARGETS = (
    Target("latency p50, last commit included", SQLITE, "latency", "ms", 25, 8),
    Target("the same to the ceiling", SQLITE, "latency_ratio", "×", 14, 4.5),
    Target("latency p50, last commit included", POSTGRES, "latency", "ms", 30, 12),
    Target("the same to the ceiling", POSTGRES, "latency_ratio", "×", 10, 4),
    Target("throughput, 2 worker processes", SQLITE, "throughput", "W/s", 40, 110, at_least=True),
    Target("throughput, 2 worker processes", POSTGRES, "throughput", "W/s", 60, 155, at_least=True),
    Target("the same to the chain", POSTGRES, "throughput_ratio", "×", 0.45, 1.15, at_least=True),
    *_each("1,000 runs to their gates", "to_waiting", "s", 12, 4),
    *_each("1,000 answers to the last end", "to_end", "s", 12, 3.3),
    *_each("worker slots held by waiting runs", "slots", "", 0, 0),
    *_each("recovery: all done after the kill", "recovered", "s", LEASE + 5, 6),
    *_each("recovery: first progress after the kill", "first_progress", "s", LEASE + 5, 3),
    *_each("recovery: runs lost, doubled, or with a broken log", "losses", "", 0, 0),
    *_each("growth: latency in the large database to the small", "grown", "×", 1.5, 1.2),
    *_each("growth: run list p95 in the large database", "list", "ms", None, 100),
    *_each("growth: cost per visit, longest run to shortest", "stretched", "×", 1.5, 1.2),
)
