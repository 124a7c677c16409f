"""Texts of a plan in a script, where double braces would name values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any


def plain(value: Json) -> Json:
    """`value` with the double braces of its texts taken apart: what people wrote is no template."""
    if isinstance(value, str):
        return value.replace("{{", "{ {")
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value
