"""Limits of what models send and get, so that one answer cannot fill a database or a memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEBIBYTE = 1024 * 1024
VALUE_BYTES = MEBIBYTE  # one value that an agent hands on: a context, shared results
ANSWER_BYTES = 2 * MEBIBYTE  # one whole answer of a model, as it is stored
ARGUMENT_DEPTH = 40  # nesting of the arguments of a tool call: a value of 32 levels and what is around it
TOOL_NAME = 64  # characters; what every provider takes back in a history
PROMPT_VALUE = 100_000  # characters of one value in a prompt; the rest can be looked up by people
LISTED_WORKFLOWS = 200  # workflows described to a model; beyond that it has to know the name
DESCRIPTION = 400  # characters of one workflow's description in that list
PROVIDER_WORDS = 500  # characters of a provider's own error text


def deeper_than(value: Any, depth: int) -> bool:
    """Whether a JSON value nests deeper than `depth`; looks level by level, so no value is too deep to be looked at."""
    level: list[Any] = [value]
    for _ in range(depth + 1):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []
