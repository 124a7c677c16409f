"""Hooks in words: for those who compare two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from builder.pages.hook_blocks import KINDS

Json = Any


def hook_words(block: Mapping[str, Json]) -> str:
    """Everything that a hook holds beyond its kind's defaults, in one line."""
    name = f"{KINDS[block['kind']]}{': ' + block['name'] if block['name'] else ''}"
    rest = [
        f"{field.replace('_', ' ')} {_text(value)}"
        for field, value in block.items()
        if field not in ("kind", "name") and value not in (None, "", [], {}, False)
    ]
    return ", ".join([name, *rest])


def _text(value: Json) -> str:
    if value is True:
        return "yes"
    if isinstance(value, list):
        return " and ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
