"""From figures to a table, and to the document that is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.targets import TARGETS, Target
from benchmarks.trace import PARTS, STATEMENTS

_PEERS = Path(__file__).with_name("peers.md")
_FULL = 1_000  # runs at gates that the targets speak of
_NONE: dict[str, float] = {}
_QUIET = 0.7  # load before the start, up to which a machine of this size counts as quiet

Cells = Sequence[str]


def table(head: Cells, rows: Sequence[Cells]) -> str:
    """A Markdown table with columns in line, so that it can be read on a terminal too."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def number(value: float | None, unit: str = "") -> str:
    """Three digits that matter, or a dash."""
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}".strip()


@dataclass(frozen=True)
class Report:
    """The medians of a benchmark, by driver and database, and what it was run with."""

    medians: dict[str, dict[str, dict[str, float]]]
    plan: dict[str, Any]
    about: str
    loads: list[float]
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))

    def of(self, driver: str, where: str) -> dict[str, float]:
        """The figures of a driver on a database; empty when it did not run."""
        return self.medians.get(driver, {}).get(where, _NONE)

    # Figures that follow from others

    def derived(self, where: str) -> dict[str, float]:
        """The figures that targets are about; those that were not measured are left out."""
        found: dict[str, float | None] = {
            **self._speed(where),
            **self._gates_and_recovery(where),
            **self._growth(where),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _speed(self, where: str) -> dict[str, float | None]:
        latency, tail = self.of("latency", where).get("p50"), self.of("clock", where).get("tail")
        committed = latency + tail if latency is not None and tail is not None else None
        two = self.of("throughput 2", where).get("per_second")
        plain = self.of("chain throughput", "chain").get("per_second")
        return {
            "latency": committed,
            "latency_ratio": _ratio(committed, self.of("ceiling", where).get("p50")),
            "latency_to_chain": _ratio(committed, self.of("chain latency", "chain").get("p50")),
            "throughput": two,
            "throughput_one": self.of("throughput 1", where).get("per_second"),
            "throughput_ratio": _ratio(two, plain),
            "throughput_to_ceiling": _ratio(two, self.of("throughput 2", where).get("ceiling")),
        }

    def _gates_and_recovery(self, where: str) -> dict[str, float | None]:
        gates, recovery = self.of("gates", where), self.of("recovery", where)
        scale = _FULL / self.plan["gates"]
        return {
            "to_waiting": gates["to_waiting"] * scale if gates else None,
            "to_end": gates["to_end"] * scale if gates else None,
            "slots": gates.get("slots"),
            "recovered": recovery.get("all"),
            "first_progress": recovery.get("first"),
            "losses": recovery["lost"] + recovery["doubled"] + recovery["broken_logs"] if recovery else None,
        }

    def _growth(self, where: str) -> dict[str, float | None]:
        small, large = self.of("growth small", where), self.of("growth large", where)
        visits = self.of("visits", where)
        lengths = sorted(int(length) for length in visits)
        stretched = _ratio(visits[str(lengths[-1])], visits[str(lengths[0])]) if lengths else None
        return {
            "grown": _ratio(large.get("p50"), small.get("p50")),
            "list": large.get("list_p95"),
            "stretched": stretched,
        }

    # Tables

    def figures(self) -> str:
        """The one table: each figure on each database, and of the chain."""
        places = [*self.plan["databases"], "chain"]
        rows = []
        for name, driver, figure, unit in _ROWS:
            cells = [self._cell(driver, figure, where, unit) for where in places]
            if any(cell != "-" for cell in cells):
                rows.append([name.format(**self.plan), *cells])
        return table(["figure", *places], rows)

    def _cell(self, driver: str, figure: str, where: str, unit: str) -> str:
        if where == "chain":
            driver = f"chain {driver.split()[0]}"
        found = self.derived(where) if driver == "=" else self.of(driver, where)
        return number(found.get(figure), unit)

    def targets(self) -> str:
        """Each target with its figure, whether it is met, and what the second limit asks for."""
        rows = []
        for target in TARGETS:
            value = self.derived(target.where).get(target.figure)
            if value is not None:
                rows.append(_verdict(target, value))
        return table(["target", "database", "measured", "first column", "second column"], rows)

    def steps(self, where: str) -> str:
        """Where the time of one W goes, by step and part, in one process; milliseconds."""
        rows = []
        for driver in self.medians:
            parts = self.medians[driver].get(where, _NONE) if driver.startswith("step: ") else _NONE
            if parts:
                rows.append([driver.removeprefix("step: "), *_milliseconds(parts)])
        sums = {part: sum(self._parts(where, part)) for part in (*PARTS, STATEMENTS)}
        rows.append(["all", *_milliseconds(sums)])
        return table(["step", *PARTS, "sum", STATEMENTS], rows)

    def _parts(self, where: str, part: str) -> list[float]:
        return [
            places[where][part]
            for driver, places in self.medians.items()
            if driver.startswith("step: ") and where in places
        ]

    def log_steps(self) -> str:
        """The same from the event logs of real runs: from each transaction of a W to the next."""
        places = self.plan["databases"]
        names = list(self.of("steps", places[0]))
        rows = [[name, *(number(self.of("steps", where).get(name)) for where in places)] for name in names]
        return table(["from this transaction to the next, ms", *places], rows)

    def shapes(self) -> str:
        """The statements of one W."""
        places = self.plan["databases"]
        names = list(dict.fromkeys(name for where in places for name in self.of("shapes", where)))
        rows = [[name, *(number(self.of("shapes", where).get(name)) for where in places)] for name in names]
        return table(["statement", *places], rows)

    # Documents

    def summary(self) -> str:
        """What the terminal shows."""
        return f"\n{self._head()}\n\n{self.figures()}\n\n{self.targets()}\n"

    def _head(self) -> str:
        before, most = self.loads[0], max(self.loads)
        quiet = "" if before <= _QUIET else " Others were at work on this machine: read the ratios, not the absolutes."
        return (
            f"{self.date}. {self.about}. Medians of {self.plan['rounds']} round(s). "
            f"Load average {before:.1f} before, up to {most:.1f} while measuring.{quiet}"
        )

    def document(self) -> str:
        """benchmarks/results.md."""
        plan = self.plan
        parts = [
            "# Results\n\nWritten by `make bench`; [README.md](README.md) says how to read them.",
            self._head(),
            f"Counts: latency {plan['latency']}, throughput {plan['throughput']}, gates {plan['gates']}, recovery "
            f"{plan['recovery']}, growth {plan['growth'][0]} and {plan['growth'][1]} finished runs.",
            f"## Figures\n\n{self.figures()}",
            f"## Targets\n\nGates are scaled to {_FULL}. The latency is the median of the latency driver, "
            f"with the last commit as the trace measured it on top.\n\n{self.targets()}",
            f"### What the second column would need\n\n{self._needs()}",
        ]
        for where in plan["databases"]:
            if self._parts(where, "commit"):
                parts.append(f"## Where the time of one W goes: {where}, in one process, ms\n\n{self.steps(where)}")
                parts.append(self._counts(where))
        if "steps" in self.medians:
            parts.append(f"## The same W in the running product\n\n{self.log_steps()}")
        if "shapes" in self.medians:
            parts.append(f"## The statements of one W\n\n{self.shapes()}")
        parts.append(f"## Peers on the same work\n\n{_PEERS.read_text(encoding='utf-8').strip()}")
        return "\n\n".join(parts) + "\n"

    def _counts(self, where: str) -> str:
        counts, clock = self.of("counts", where), self.of("clock", where)
        return (
            f"Per W: {number(counts['transactions'])} transactions that write, {number(counts['statements'])} "
            f"statements in them, {number(counts['outside'])} reads between them. The database itself counted "
            f"{number(counts['transactions_seen'])} transactions. {number(clock['cpu'])} ms of processor time."
        )

    def _needs(self) -> str:
        lines = []
        for target in TARGETS:
            value = self.derived(target.where).get(target.figure)
            if value is None or target.second is None or target.met(value, target.second):
                continue
            if target.second and value:
                times = number(target.factor(value, target.second))
                lines.append(f"- {target.where}, {target.name}: {times} times better.")
        for where in self.plan["databases"]:
            total = sum(sum(self._parts(where, part)) for part in PARTS)
            if total:
                largest = sorted(PARTS, key=lambda part: -sum(self._parts(where, part)))[:4]
                shares = ", ".join(f"{part} {sum(self._parts(where, part)):.1f} ms" for part in largest)
                lines.append(f"- {where}: of {total:.1f} ms in one process the largest parts are {shares}.")
        return "\n".join(lines) or "Nothing: every second limit that was measured is met."

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "date": self.date,
            "machine": self.about,
            "plan": self.plan,
            "loads": self.loads,
            "figures": self.medians,
            "derived": {where: self.derived(where) for where in self.plan["databases"]},
        }


# Names of figures; "=" is Report.derived. The chain's column shows its own latency and throughput.
_ROWS = (
    ("ceiling: 12 bare commits, p50", "ceiling", "p50", "ms"),
    ("ceiling, p95", "ceiling", "p95", "ms"),
    ("ceiling", "ceiling", "per_second", "/s"),
    ("latency p50 ({latency} W)", "latency", "p50", "ms"),
    ("latency p95", "latency", "p95", "ms"),
    ("last commit, on top", "clock", "tail", "ms"),
    ("latency p50 with it, to the ceiling", "=", "latency_ratio", "×"),
    ("latency p50 with it, to the chain", "=", "latency_to_chain", "×"),
    ("of it from the start to the worker", "latency", "taken_up", "ms"),
    ("HTTP: start and wait for the end", "latency", "http", "ms"),
    ("HTTP: start alone", "latency", "accept", "ms"),
    ("throughput, 1 worker process ({throughput} W)", "throughput 1", "per_second", "W/s"),
    ("throughput, 2 worker processes", "throughput 2", "per_second", "W/s"),
    ("throughput of 2, to the chain", "=", "throughput_ratio", "×"),
    ("throughput of 2, to the ceiling", "=", "throughput_to_ceiling", "×"),
    ("{gates} runs to their gates", "gates", "to_waiting", "s"),
    ("{gates} answers to the last end", "gates", "to_end", "s"),
    ("slots held while they wait", "gates", "slots", ""),
    ("memory while they wait, all processes", "gates", "memory", "MB"),
    ("of it since before", "gates", "held", "MB"),
    ("a W beside the waiting runs", "gates", "beside", "ms"),
    ("recovery: next worker ready after kill -9", "recovery", "again", "s"),
    ("recovery: first progress after kill -9", "recovery", "first", "s"),
    ("recovery: all done after kill -9", "recovery", "all", "s"),
    ("recovery: runs lost", "recovery", "lost", ""),
    ("recovery: runs doubled", "recovery", "doubled", ""),
    ("latency p50 at {growth[0]} finished runs", "growth small", "p50", "ms"),
    ("latency p50 at {growth[1]} finished runs", "growth large", "p50", "ms"),
    ("latency, the larger to the smaller", "=", "grown", "×"),
    ("run list p95 at {growth[0]} finished runs", "growth small", "list_p95", "ms"),
    ("run list p95 at {growth[1]} finished runs", "growth large", "list_p95", "ms"),
    ("per visit, run of 10 visits", "visits", "10", "ms"),
    ("per visit, run of 100 visits", "visits", "100", "ms"),
    ("per visit, run of 1,000 visits", "visits", "1000", "ms"),
    ("transactions that write, per W", "counts", "transactions", ""),
    ("statements in them, per W", "counts", "statements", ""),
    ("reads between them, per W", "counts", "outside", ""),
)


def _ratio(value: float | None, to: float | None) -> float | None:
    return value / to if value is not None and to else None


def _verdict(target: Target, value: float) -> list[str]:
    limits = [_limit(target, value, limit) for limit in (target.first, target.second)]
    return [target.name, target.where, number(value, target.unit), *limits]


def _limit(target: Target, value: float, limit: float | None) -> str:
    if limit is None:
        return "-"
    sign = "≥" if target.at_least else "≤"
    return f"{sign} {number(limit, target.unit)}: {'met' if target.met(value, limit) else 'not met'}"


def _milliseconds(parts: dict[str, float]) -> list[str]:
    values = [parts[part] for part in PARTS]
    shown = [f"{value:.2f}" if value >= 0.005 else "" for value in [*values, sum(values)]]
    return [*shown, number(parts[STATEMENTS])]
