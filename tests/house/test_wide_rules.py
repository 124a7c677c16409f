"""Rules of style that would make a browser look at a whole page again for every change of a part of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = sorted((Path(__file__).parents[2] / "static" / "css").glob("*.css"))
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BEHIND = re.compile(r":has\((?:[^()]|\([^()]*\))*\)\)?(?P<rest>[^,{]*)")


def wide(css: str) -> list[str]:
    """The selectors with something behind :has() that many elements of a page are: a tag alone, or an icon."""
    found = []
    for selectors in re.findall(r"([^{}]+)\{", _COMMENT.sub("", css)):
        for match in _BEHIND.finditer(selectors):
            last = re.split(r"[\s>+~]+", match["rest"].rstrip())[-1]
            if match["rest"][:1].isspace() and last and (last == ".icon" or not re.search(r"[.#\[]", last)):
                found.append(selectors.strip())
    return found


def test_wide_rules_are_seen() -> None:
    """The check itself: what it refuses, and what it lets pass."""
    assert wide(".row:has(input:checked) > .icon { color: red }") == [".row:has(input:checked) > .icon"]
    assert wide("/* a */ .a:has(.b[hidden]) .c span { }") == [".a:has(.b[hidden]) .c span"]
    assert wide(".a:has(b) { } body:has(#drawer > .drawer) .page { } .a:not(:has([x]:checked)) .b, .c span { }") == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_nothing_wide_stands_behind_has(path: Path) -> None:
    """Issue 3, speed: with `:has(…) span` an edit restyled all thousand parts of a large canvas."""
    assert wide(path.read_text()) == []
