"""Text that people wrote as YAML or JSON."""

from __future__ import annotations

from typing import Any

from builder.project_file import parse_file

Json = Any


def is_json(text: str) -> bool:
    """Whether a text is taken for JSON: what begins with a brace or a bracket."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def parse(text: str) -> Json:
    """The values of a text. Raises Invalid with the line, and TooLarge over 1 MiB."""
    return parse_file(text, yaml=not is_json(text))
