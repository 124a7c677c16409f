"""Putting values into text: `{{path}}` look-ups, and conditions. Never an expression language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# A quoted segment may hold anything, braces included, so it is tried before the plain form. The quantifiers are
# possessive: neither pattern can backtrack, however a template is written.
_QUOTED = r'\{\{(?P<quoted>[^\[\]{}"]*+(?:\["(?:[^"\\]|\\.)*+"\][^\[\]{}"]*+)++)\}\}'
_PLAIN = r"\{\{(?!\{)(?P<plain>(?:(?!\{\{|\}\}).)*+)\}\}"
_PLACE = re.compile(f"{_QUOTED}|{_PLAIN}", re.DOTALL)
_SEGMENT = re.compile(r'\[("(?:[^"\\]|\\.)*+")\]', re.DOTALL)
_LONGEST_PATH = 2_000  # characters; a look-up tries every dot of its path
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class ConditionLike(Protocol):
    """What a condition looks like; `agents.runtime.script.Condition` is the one that is stored."""

    @property
    def path(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def value(self) -> Any: ...


@dataclass(frozen=True)
class Rendered:
    """A template with its values put in, and the names that were not known (each once, as written)."""

    value: Any
    unknown: tuple[str, ...] = ()


def render(template: Any, values: Mapping[str, Any]) -> Rendered:
    """Put `values` into every string of `template` (any JSON value; keys of objects stay as they are).

    A string that is one `{{path}}` alone keeps the value's type; inside a longer text strings go in as they are and all
    else as compact JSON. A path that names nothing stays as written and is listed in `unknown`. One pass: what was put
    in is never looked at again. Values are not copied; treat the answer as read-only.
    """
    unknown: dict[str, None] = {}
    return Rendered(_fill(template, values, unknown), tuple(unknown))


def lookup(path: str, values: Mapping[str, Any]) -> tuple[bool, Any]:
    """Find `path` in `values`: (True, value), or (False, None).

    Segments are divided by dots; where several names fit, the longest is tried first (`workflows.Deploy v1.2.result`).
    A segment may be quoted as a JSON string in brackets: `workflows["Deploy v1.2"].result`. Lists take whole numbers.
    """
    if len(path) > _LONGEST_PATH:
        return False, None
    return _descend(values, path.strip(), set())


def holds(condition: ConditionLike, values: Mapping[str, Any]) -> bool:
    """Whether `condition` holds. Ops: eq, ne, lt, gt, contains, exists (`value: false` asks that it does not exist).

    A path that names nothing satisfies `ne` and `exists: false` only. `lt` and `gt` compare two numbers or two texts;
    other pairs never hold. Raises ValueError for an op that is none.
    """
    found, value = lookup(condition.path, values)
    wanted = render(condition.value, values).value
    if condition.op == "exists":
        return found is (wanted is not False)
    if condition.op == "ne":
        return not (found and same(value, wanted))
    return found and _compare(condition.op, value, wanted)


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: unlike Python's, `true` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def as_text(value: Any) -> str:
    """How a value reads inside a text: strings as they are, all else as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fill(template: Any, values: Mapping[str, Any], unknown: dict[str, None]) -> Any:
    if isinstance(template, str):
        return _fill_text(template, values, unknown)
    if isinstance(template, Mapping):
        return {key: _fill(item, values, unknown) for key, item in template.items()}
    if _is_list(template):
        return [_fill(item, values, unknown) for item in template]
    return template


def _fill_text(text: str, values: Mapping[str, Any], unknown: dict[str, None]) -> Any:
    if "{{" not in text:
        return text
    alone = _PLACE.fullmatch(text)
    if alone and (answer := lookup(_path_of(alone), values))[0]:
        return answer[1]

    def put(place: re.Match[str]) -> str:
        found, value = lookup(_path_of(place), values)
        if found:
            return as_text(value)
        unknown[_path_of(place)] = None
        return place.group()

    return _PLACE.sub(put, text)


def _path_of(place: re.Match[str]) -> str:
    return place["quoted"] if place["quoted"] is not None else place["plain"]


def _descend(value: Any, rest: str, failed: set[tuple[int, int]]) -> tuple[bool, Any]:
    for name, after in _splits(rest):
        found, inner = _step(value, name)
        if not found:
            continue
        if not after:
            return True, inner
        # Every pair of a value and a remainder is tried once: look-ups stay linear whatever the names are.
        mark = (id(inner), len(after))
        if mark in failed:
            continue
        found, answer = _descend(inner, after.removeprefix("."), failed)
        if found:
            return True, answer
        failed.add(mark)
    return False, None


def _splits(rest: str) -> Iterator[tuple[str, str]]:
    """The ways to take a first name off `rest`: (name, remainder with its dot or bracket), longest name first."""
    if rest.startswith('["'):
        yield from _quoted_split(rest)
        return
    yield rest, ""
    for at in range(len(rest) - 2, 0, -1):
        if rest[at] == "." or rest.startswith('["', at):
            yield rest[:at], rest[at:]


def _quoted_split(rest: str) -> Iterator[tuple[str, str]]:
    segment = _SEGMENT.match(rest)
    if segment is None:
        return
    try:
        name = json.loads(segment[1])
    except ValueError:
        return
    after = rest[segment.end() :]
    if not after or (after[0] == "." and len(after) > 1) or after.startswith('["'):
        yield name, after


def _step(value: Any, name: str) -> tuple[bool, Any]:
    if isinstance(value, Mapping):
        return (True, value[name]) if name in value else (False, None)
    if _is_list(value) and _INDEX.fullmatch(name) and int(name) < len(value):
        return True, value[int(name)]
    return False, None


def _compare(op: str, value: Any, wanted: Any) -> bool:
    if op == "eq":
        return same(value, wanted)
    if op == "contains":
        return _contains(value, wanted)
    if op not in ("lt", "gt"):
        raise ValueError(f"{op!r} is no operation of a condition")
    if not (_is_number(value) and _is_number(wanted)) and not (isinstance(value, str) and isinstance(wanted, str)):
        return False
    return bool(value < wanted) if op == "lt" else bool(value > wanted)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    if isinstance(value, Mapping):
        return isinstance(wanted, str) and wanted in value
    return _is_list(value) and any(same(item, wanted) for item in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
