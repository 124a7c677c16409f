"""A call of a tool by an agent, as the drawer of the agent and the tab Prompts show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runs.pages.readable import LONGEST, cut, readable

Json = Any
_HINT = 60  # characters


def shown_tool(tool: Mapping[str, Json], envelopes: Mapping[str, Json], longest: int = LONGEST) -> dict[str, str]:
    """What runs/_tool.html needs of a stored call; `envelopes`: what workflows and questions returned, by key."""
    by_call = tool.get("call") and tool["result"] is None
    result = envelopes.get(tool["call"]) if by_call else tool["result"]
    return {
        "name": tool["name"],
        "hint": _hint(tool["args"]),
        "args": written(tool["args"], longest)[0],
        "result": written(result, longest)[0] if result else "",
    }


def written(value: Json, longest: int = LONGEST) -> tuple[str, int]:
    """A value as text that can be read, and how many characters of it were left out."""
    return cut(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False), longest)


def _hint(args: Json) -> str:
    """What tells one call of a tool from the next: the first thing that it was given, in short."""
    first = next((each for each in args.values() if each), "") if isinstance(args, dict) else ""
    text = (
        first
        if isinstance(first, str)
        else ", ".join(map(str, first))
        if isinstance(first, dict | list)
        else str(first)
    )
    line = " ".join(readable(text[: 10 * _HINT]).split())
    return line if len(line) <= _HINT else f"{line[: _HINT - 1]}…"
