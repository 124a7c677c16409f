"""On which line of a text a place such as `workflows[0].stages[1].name` stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from builder.validation import path_text
from projects.errors import Detail

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Loc = tuple[str | int, ...]
_FIRST = re.compile(r"^\[\d+\]\.?")


def line_finder(text: str) -> Callable[[str], int | None]:
    """The line of a path, from 1. A path that is not in the text has the line of what it would stand in.

    `text` was read by our own parsers already, so that its nesting is bounded and it holds no aliases. JSON is found
    as well, because it is YAML; where a YAML reader takes it for none, nothing is found.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        root = None
    lines = {path_text(loc): line for loc, line in _walked(root, ())} if root is not None else {}

    def find(path: str) -> int | None:
        while path and path not in lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return lines.get(path)

    return find


def told(detail: Detail, find: Callable[[str], int | None], inside: str = "") -> str:
    """A problem in words, after its line and its place; `inside` is the part of the path that the text begins at."""
    place = detail.path.removeprefix(inside).lstrip(".")
    line = find(place) if place else None
    if line and inside:
        place = _FIRST.sub("", place)  # the line says which one of the list
    where = ", ".join(part for part in (f"Line {line}" if line else "", place) if part)
    return f"{where}: {detail.message}" if where else detail.message


def _walked(node: Any, loc: _Loc) -> Iterator[tuple[_Loc, int]]:
    yield loc, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = (*loc, str(key.value))
                yield inner, key.start_mark.line + 1
                yield from ((place, line) for place, line in _walked(value, inner) if place != inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walked(value, (*loc, index))
