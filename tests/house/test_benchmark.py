"""The benchmark measures what it says: a short pass of two drivers through the real product."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugin import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.sqlite_only]
_TURNS = 6  # of the five agents of one W
_W = 4
_KILLED_OF = 40


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, str]:
    """The figures of a short pass, the document it wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = [
        sys.executable, "-m", "benchmarks", "--quick", "--drivers", "latency", "recovery", "--databases", "SQLite",
        "--latency", str(_W), "--recovery", str(_KILLED_OF), "--trace", "2",
        "--json", str(folder / "figures.json"), "--out", str(folder / "results.md"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads((folder / "figures.json").read_text()), (folder / "results.md").read_text(), done.stdout


def test_every_reference_work_ends_with_its_result_and_its_time(measured: tuple[dict[str, Any], str, str]) -> None:
    """Performance 1: the driver itself refuses a W that ended without its merged result."""
    latency = measured[0]["figures"]["latency"]["SQLite"]

    assert 0 < latency["taken_up"] < latency["p50"] <= latency["p95"]
    assert latency["p50"] < latency["http"]


def test_a_killed_worker_loses_nothing_and_doubles_no_child(measured: tuple[dict[str, Any], str, str]) -> None:
    """Rules 5.9 and 11.3."""
    recovery = measured[0]["figures"]["recovery"]["SQLite"]

    assert recovery["killed"] == 1
    assert recovery["left"] > 0, "the kill came too late to prove anything"
    assert (recovery["lost"], recovery["doubled"], recovery["broken_logs"]) == (0, 0, 0)
    assert 0 < recovery["first"] <= recovery["all"]


def test_the_ceiling_and_the_chain_are_measured_beside_it(measured: tuple[dict[str, Any], str, str]) -> None:
    figures, derived = measured[0]["figures"], measured[0]["derived"]["SQLite"]
    latency = derived["latency"]

    assert latency > figures["latency"]["SQLite"]["p50"]  # the last commit comes on top
    assert derived["latency_ratio"] == pytest.approx(latency / figures["ceiling"]["SQLite"]["p50"])
    assert derived["latency_to_chain"] == pytest.approx(latency / figures["chain latency"]["chain"]["p50"])


def test_the_transactions_of_a_reference_work_are_counted_and_few(
    measured: tuple[dict[str, Any], str, str],
) -> None:
    """One transaction for each decision: a run accepted, and taken up, and one for each turn of a model. The child is
    taken up by the turn that starts it."""
    counts = measured[0]["figures"]["counts"]["SQLite"]

    assert counts["transactions"] == counts["transactions_seen"]  # ours and SQLite's own count
    assert counts["transactions"] <= _TURNS + 2
    assert counts["statements"] <= 64  # as docs/performance.md lists them
    assert measured[0]["figures"]["shapes"]["SQLite"]["INSERT runs_agentturn"] == _TURNS


def test_the_parts_of_the_time_add_up(measured: tuple[dict[str, Any], str, str]) -> None:
    figures = measured[0]["figures"]
    steps = [places["SQLite"] for driver, places in figures.items() if driver.startswith("step: ")]
    parts = sum(value for step in steps for name, value in step.items() if name != "statements")

    # Medians of parts need not sum up to the median of the whole, but what is not named must be little.
    assert 0.4 < parts / figures["clock"]["SQLite"]["clock"] < 1.6
    assert len(steps) == _TURNS + 2


def test_the_document_holds_the_table_that_is_printed(measured: tuple[dict[str, Any], str, str]) -> None:
    _, document, printed = measured
    rows = [line for line in printed.splitlines() if line.startswith("| ")]

    assert rows
    assert all(row in document for row in rows)
    assert "## Peers on the same work" in document
    assert str(Path.cwd()) not in document
