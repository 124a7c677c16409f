"""docs/states.md says the same as the tables of the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from runs.engine import status

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"
TABLES: dict[str, tuple[type[StrEnum], Mapping[Any, frozenset[StrEnum]]]] = {
    "Run": (status.RunStatus, status.RUN_MOVES),
    "Stage": (status.StageStatus, status.STAGE_MOVES),
    "Agent": (status.AgentStatus, status.AGENT_MOVES),
    "Call": (status.CallStatus, status.CALL_MOVES),
    "Gate": (status.GateStatus, status.GATE_MOVES),
}


@dataclass(frozen=True)
class Row:
    """A line of a table of the document."""

    status: str
    means: str
    moves: frozenset[str]


def rows(section: str) -> list[Row]:
    """The table under a heading."""
    text = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    names = re.compile(r"`(\w+)`")
    return [Row(names.findall(first)[0], means, frozenset(names.findall(moves))) for first, means, moves in cells]


@pytest.mark.parametrize("section", TABLES)
def test_the_document_lists_the_statuses_of_the_code_in_their_order(section: str) -> None:
    """Rule 1.3 and its kin: no status is missing, none is invented."""
    assert [row.status for row in rows(section)] == [each.value for each in TABLES[section][0]]


@pytest.mark.parametrize("section", TABLES)
def test_the_document_draws_the_arrows_of_the_code(section: str) -> None:
    """Every allowed move is drawn, and no other."""
    drawn = {row.status: row.moves for row in rows(section)}

    assert drawn == {before.value: {after.value for after in moves} for before, moves in TABLES[section][1].items()}


@pytest.mark.parametrize("section", TABLES)
def test_the_document_says_what_every_status_means(section: str) -> None:
    """In a sentence at least."""
    assert all(row.means.endswith(".") and len(row.means.split()) > 3 for row in rows(section))


@pytest.mark.parametrize("section", TABLES)
def test_every_status_has_its_row_in_the_table_of_moves(section: str) -> None:
    """A status that is added without its moves is a mistake."""
    statuses, moves = TABLES[section]

    assert list(moves) == list(statuses)
