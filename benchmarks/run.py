"""Runs the drivers in rounds, on each database in turn, with the ceiling and the chain between them."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import ceiling, chain, drivers, growth, machine, report, sections
from benchmarks.bed import POSTGRES, SQLITE, Bed, durable_postgres
from tests.plugin import ROOT
from tests.postgres import Postgres, create_database

RESULTS = Path(__file__).with_name("results.md")
_PART = 10  # W, chains and ceilings in turn
DRIVERS = ("latency", "throughput", "gates", "recovery", "growth", "trace")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what."""

    rounds: int = 3
    latency: int = 200
    throughput: int = 1_000
    gates: int = 1_000
    recovery: int = 100
    growth: tuple[int, int] = (1_000, 10_000)  # finished runs
    visits: tuple[int, ...] = (10, 100, 1_000)
    trace: int = 100
    databases: tuple[str, ...] = (SQLITE, POSTGRES)
    drivers: tuple[str, ...] = DRIVERS

    def has(self, *names: str) -> bool:
        """Whether any of these drivers is asked for."""
        return any(name in self.drivers for name in names)


QUICK = Plan(
    rounds=1, latency=10, throughput=20, gates=20, recovery=40, growth=(60, 180), visits=(10, 100), trace=10
)  # fmt: skip


class Figures:
    """What was measured: for each driver and database the figures of every round."""

    def __init__(self) -> None:
        self.rounds: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
        self.loads = [os.getloadavg()[0]]

    def add(self, driver: str, where: str, figures: dict[str, float], *, shown: bool = True) -> None:
        """Keep what a driver found on a database in one round, and show that it goes on."""
        self.rounds[driver][where].append(figures)
        self.loads.append(os.getloadavg()[0])
        if shown:
            told = "  ".join(f"{name} {value:.1f}" for name, value in figures.items())
            print(f"{time.strftime('%H:%M:%S')} {driver}, {where}: {told}", file=sys.stderr, flush=True)

    def medians(self) -> dict[str, dict[str, dict[str, float]]]:
        """The median of all rounds, figure by figure."""
        return {
            driver: {where: _median(rounds) for where, rounds in places.items()}
            for driver, places in self.rounds.items()
        }


def _median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds if name in one) for name in rounds[0]}


def main() -> None:
    """Measure, print the table, write it down."""
    plan, args = _arguments()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    tempfile.tempdir = str(machine.durable_folder())
    figures = Figures()
    with ExitStack() as stack:
        server = None
        if POSTGRES in plan.databases:
            server = durable_postgres()
            stack.callback(server.stop)
        about = machine.describe(server.url("postgres") if server else None)
        if plan.has("trace", "latency"):
            _trace(plan, server, figures)
        if plan.has("latency", "throughput", "gates", "recovery"):
            _rounds(plan, server, figures)
        if plan.has("growth"):
            for name in plan.databases:
                _growth(plan, server if name == POSTGRES else None, figures)
    _tell(args, plan, report.Report(figures.medians(), vars_of(plan), about, figures.loads))


def vars_of(plan: Plan) -> dict[str, Any]:
    """The plan as plain values."""
    return {name: getattr(plan, name) for name in Plan.__slots__}


def _tell(args: argparse.Namespace, plan: Plan, made: report.Report) -> None:
    print(made.summary())
    if args.json:
        args.json.write_text(json.dumps(made.as_json(), indent=1), encoding="utf-8")
    if args.out or not args.quick:
        out = args.out or RESULTS
        others = sections.kept(out.read_text(encoding="utf-8")) if out.exists() else ""
        out.write_text(made.document() + others, encoding="utf-8")


def _arguments() -> tuple[Plan, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small sample; writes nothing unless --out is given")
    parser.add_argument("--out", type=Path, help="where the results go (benchmarks/results.md)")
    parser.add_argument("--json", type=Path, help="write the figures as JSON, too")
    parser.add_argument("--drivers", nargs="+", choices=DRIVERS, help="only these")
    parser.add_argument("--databases", nargs="+", choices=(SQLITE, POSTGRES), help="only these")
    for name in ("rounds", "latency", "throughput", "gates", "recovery", "trace"):
        parser.add_argument(f"--{name}", type=int, help=f"how many ({getattr(Plan(), name)})")
    parser.add_argument("--growth", type=int, nargs=2, help="finished runs in the two databases (1000 10000)")
    parser.add_argument("--visits", type=int, nargs="+", choices=(10, 100, 1_000), help="lengths of the long runs")
    args = parser.parse_args()
    changes: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name in Plan.__slots__
        if (value := getattr(args, name)) is not None
    }
    if any(value < 1 for value in changes.values() if isinstance(value, int)):
        parser.error("counts start at 1")
    return replace(QUICK if args.quick else Plan(), **changes), args


# Rounds


def _rounds(plan: Plan, server: Postgres | None, figures: Figures) -> None:
    with ExitStack() as stack:
        beds = []
        for name in plan.databases:
            bed = Bed(server if name == POSTGRES else None)
            stack.callback(bed.stop)
            beds.append(bed.start())
        for number in range(plan.rounds):
            _round(plan, beds, figures)
            if number + 1 < plan.rounds and plan.has("throughput"):
                for bed in beds:
                    bed.start()


def _round(plan: Plan, beds: list[Bed], figures: Figures) -> None:
    """One pass: the kinds of work one after the other, each with the ceiling and the chain beside it."""
    if plan.has("latency"):
        _latency(plan, beds, figures)
    if plan.has("gates"):
        for bed in beds:
            figures.add("gates", bed.name, drivers.gates(bed, plan.gates))
    if plan.has("recovery"):
        for bed in beds:
            figures.add("recovery", bed.name, drivers.recovery(bed, plan.recovery))
    if plan.has("throughput"):
        _throughput(plan, beds, figures)


def _latency(plan: Plan, beds: list[Bed], figures: Figures) -> None:
    """In small parts by turns: the disk of a shared machine changes its mind within seconds."""
    chains: list[float] = []
    commits: dict[str, list[float]] = defaultdict(list)
    works = [(bed, drivers.Latency(bed)) for bed in beds]
    with chain.running(beds[0].redis_socket) as plain:
        for start in range(0, plan.latency, _PART):
            count = min(_PART, plan.latency - start)
            chains += plain.latency(count)
            for bed, work in works:
                commits[bed.name] += ceiling.measure(bed, count)
                work.sample(count)
    figures.add("chain latency", "chain", _spread(chains))
    for bed, work in works:
        figures.add("ceiling", bed.name, {**_spread(commits[bed.name]), **_rate(commits[bed.name])})
        figures.add("latency", bed.name, {**work.figures(), **drivers.accept(bed, max(3, plan.latency // 10))})
        figures.add("steps", bed.name, work.steps(), shown=False)


def _spread(taken: list[float]) -> dict[str, float]:
    return {"p50": statistics.median(taken), "p95": drivers.percentile(taken, 0.95)}


def _rate(taken: list[float]) -> dict[str, float]:
    return {"per_second": 1000 / statistics.mean(taken)}


def _throughput(plan: Plan, beds: list[Bed], figures: Figures) -> None:
    with chain.running(beds[0].redis_socket) as plain:
        figures.add("chain throughput", "chain", {"per_second": plain.throughput(plan.throughput)})
    for workers in (1, 2):
        for bed in beds:
            if workers > 1:
                bed.start(workers=workers)
            taken = ceiling.measure(bed, max(10, plan.throughput // 20))
            found = {**drivers.throughput(bed, plan.throughput), "ceiling": _rate(taken)["per_second"]}
            figures.add(f"throughput {workers}", bed.name, found)


# Growth, and the look inside


def _growth(plan: Plan, server: Postgres | None, figures: Figures) -> None:
    with ExitStack() as stack:
        beds = []
        for runs in plan.growth:
            bed = Bed(server)
            stack.callback(bed.stop)
            beds.append(bed.start())
            growth.fill(bed, runs)
        for name, found in zip(("growth small", "growth large"), growth.compare(beds, plan.latency // 2), strict=True):
            figures.add(name, beds[0].name, found)
        per_visit = growth.long_runs(beds[0], plan.visits, plan.rounds)
        figures.add("visits", beds[0].name, {str(count): taken for count, taken in per_visit.items()})


def _trace(plan: Plan, server: Postgres | None, figures: Figures) -> None:
    """In a process of its own, since Django is set up once for one database."""
    for name in plan.databases:
        command = [sys.executable, "-m", "benchmarks.trace", str(plan.trace)]
        if name == POSTGRES and server is not None:
            command.append(create_database(server.url("postgres"), "trace"))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError(f"the trace failed: {done.stderr[-3000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        figures.add("clock", name, found["clock"])
        counted = ("transactions", "transactions_seen", "statements", "outside")
        figures.add("counts", name, {count: found[count] for count in counted})
        figures.add("shapes", name, found["shapes"], shown=False)
        for step, parts in found["steps"].items():
            figures.add(f"step: {step}", name, parts, shown=False)
