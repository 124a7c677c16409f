"""Two texts side by side, as templates show them: by words where they are short, by lines where they are long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

Json = Any
Piece = dict[str, str]  # sign ("", "-", "+", or "…" for what is left out) and text
_WORD = re.compile(r"\s+|[^\s]+")
_SHORT = 400  # words that are compared one by one
_FEW = 8  # lines up to which words are compared
_MOST = 1_500  # lines that are compared; the rest of a longer text is not looked at
_AROUND = 2  # unchanged lines that are shown beside a change
_LONGEST = 20_000  # characters of one side
_REST = {"sign": "…", "text": "The rest is too long, and is not compared."}


def text_diff(was: str, now: str) -> dict[str, Json]:
    """How `was` became `now`: {"words": pieces}, or {"lines": pieces} with what stayed the same left out."""
    short = max(len(was), len(now)) <= _LONGEST and max(len(was.split()), len(now.split())) <= _SHORT
    if short and max(was.count("\n"), now.count("\n")) < _FEW:
        return {"words": _pieces(_WORD.findall(was), _WORD.findall(now))}
    return line_diff(was, now)


def line_diff(was: str, now: str) -> dict[str, Json]:
    """The same, by lines."""
    before, after = was[:_LONGEST].splitlines()[:_MOST], now[:_LONGEST].splitlines()[:_MOST]
    lines = _folded(list(_lines(before, after)))
    whole = max(len(was), len(now)) <= _LONGEST and max(was.count("\n"), now.count("\n")) < _MOST
    return {"lines": lines if whole else [*lines, dict(_REST)]}


def _pieces(was: Sequence[str], now: Sequence[str]) -> list[Piece]:
    found: list[Piece] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what == "equal":
            found.append({"sign": "", "text": "".join(was[i1:i2])})
            continue
        found += [{"sign": "-", "text": "".join(was[i1:i2])}] if i2 > i1 else []
        found += [{"sign": "+", "text": "".join(now[j1:j2])}] if j2 > j1 else []
    return found


def _lines(was: Sequence[str], now: Sequence[str]) -> Iterator[Piece]:
    for what, i1, i2, j1, j2 in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what == "equal":
            yield from ({"sign": "", "text": line} for line in was[i1:i2])
            continue
        yield from ({"sign": "-", "text": line} for line in was[i1:i2])
        yield from ({"sign": "+", "text": line} for line in now[j1:j2])


def _folded(lines: list[Piece]) -> list[Piece]:
    """Long stretches without a change as one line that says how long they are."""
    near = {index + step for index, line in enumerate(lines) if line["sign"] for step in range(-_AROUND, _AROUND + 1)}
    found: list[Piece] = []
    left_out = 0
    for index, line in enumerate([*lines, None]):
        if line is not None and index not in near:
            left_out += 1
            continue
        if left_out:
            found.append({"sign": "…", "text": f"{left_out} unchanged line{'' if left_out == 1 else 's'}"})
            left_out = 0
        if line is not None:
            found.append(line)
    return found
