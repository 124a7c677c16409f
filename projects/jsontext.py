"""Strict JSON: no duplicate keys, NaN, lone surrogates, huge numbers or deep nesting."""

from __future__ import annotations

import json
import re
from typing import Any

from projects.errors import Detail, Invalid

MAX_DEPTH = 32
_MAX_DIGITS = 300
# A string is taken whole, an unclosed one to the end of the text: each character is looked at once.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(raw: bytes | str, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON text. Raises Invalid with the reason, and never recurses on hostile nesting."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise _refused(f"is not UTF-8 (byte {error.start})") from None
    if text.startswith("\ufeff"):
        raise _refused("begins with a byte order mark")
    _check_depth(text, max_depth)
    try:
        value = json.loads(
            text, object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_int=_int, parse_float=_float
        )
    except json.JSONDecodeError as error:
        raise _refused(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    if "\\u" in text or _SURROGATE.search(text):
        _check_characters(value)
    return value


def _refused(reason: str, place: str = "") -> Invalid:
    return Invalid(f"The body {reason}.", details=[Detail(place, reason)])


def _check_depth(text: str, limit: int) -> None:
    """Count brackets outside of strings, before anything recursive sees the text."""
    depth = 0
    for token in _BRACKETS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > limit:
                raise _refused(f"is nested deeper than {limit}")
        elif token[0] in "]}":
            depth -= 1


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twin = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _refused(f"has the key {twin!r} twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise _refused(f"holds {name}, which is not JSON")


def _int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _refused(f"holds a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _refused(f"holds the number {digits[:40]}, which is too large")
    return value


def _check_characters(value: Any) -> None:
    """Refuse what the databases cannot keep, with its place. The depth is bounded by now."""
    pending = [("", value)]
    while pending:
        place, item = pending.pop()
        if isinstance(item, str):
            _check_text(item, place)
        elif isinstance(item, dict):
            for key, inner in item.items():
                _check_text(key, place)
                pending.append((f"{place}.{key}" if place else key, inner))
        elif isinstance(item, list):
            pending.extend((f"{place}[{number}]", inner) for number, inner in enumerate(item))


def _check_text(text: str, place: str) -> None:
    if _SURROGATE.search(text):
        raise _refused("holds a lone surrogate", place)
    if "\x00" in text:  # PostgreSQL cannot store it
        raise _refused("holds a NUL character", place)
