"""The map of the acceptance checks in tests/README.md names tests that exist, and leaves no check out."""

from __future__ import annotations

import ast
import re

from tests.plugin import ROOT

_ROW = re.compile(r"^\| (\d+|parity) \|.*\| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def _rows() -> dict[str, list[tuple[str, str]]]:
    """Check -> the tests that show it, each as its file and its name."""
    text = (ROOT / "tests" / "README.md").read_text()
    return {check: _TEST.findall(shown) for check, shown in _ROW.findall(text)}


def test_every_acceptance_check_is_shown_by_a_test() -> None:
    """ui.md 7: checks 1 to 25, and the parity of canvas and outline."""
    rows = _rows()

    assert list(rows) == [*(str(number) for number in range(1, 26)), "parity"]
    assert [check for check, tests in rows.items() if not tests] == []


def test_every_test_named_in_the_map_exists() -> None:
    """A test that is renamed takes its name in the map with it."""
    named = {pair for tests in _rows().values() for pair in tests}
    there = {
        (file, item.name)
        for file in {file for file, _ in named}
        for item in ast.parse((ROOT / "tests" / file).read_text()).body
        if isinstance(item, ast.FunctionDef)
    }

    assert sorted(named - there) == []
