"""Names of a template that a project has already get a number, everywhere where the template says them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from typing import Any

from projects.names import MAX_NAME, name_key

Json = Any


def free_names(wanted: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """For each of `wanted` the name that it gets: itself, or with the first number that is free. `taken` are keys."""
    used = set(taken)
    found: dict[str, str] = {}
    for name in wanted:
        found[name] = free = next(each for each in _tries(name) if name_key(each) not in used)
        used.add(name_key(free))
    return found


def renamed(value: Json, names: Mapping[str, str]) -> Json:
    """`value` with every mention of a name in its texts replaced, in references, scripts and directives alike.

    What was put in is not looked at again. Keys stay: they are outcomes, options and fields, never names.
    """
    mentions = sorted((name for name, new in names.items() if name != new), key=len, reverse=True)
    if not mentions:
        return value
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in mentions))
    return _replaced(value, pattern, names)


def _replaced(value: Json, pattern: re.Pattern[str], names: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return pattern.sub(lambda found: names[found[0]], value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, pattern, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, pattern, names) for item in value]
    return value


def _tries(name: str) -> Iterable[str]:
    yield name
    for number in count(2):
        yield f"{name[: MAX_NAME - 12]} {number}"
