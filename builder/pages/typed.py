"""What people type into forms, as definitions hold it, and back."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import QueryDict

from projects.errors import BatonError
from projects.jsontext import parse_json

Json = Any
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_WHOLE = re.compile(r"[0-9]{1,9}")


def lines(text: str) -> str:
    """A text of a form: browsers send CRLF where a line ends."""
    return text.replace("\r\n", "\n")


def text_in(form: QueryDict, name: str, absent: str) -> str:
    """The text that was typed into this field, or `absent` where the form has no such field."""
    value = form.get(name)
    return lines(value) if isinstance(value, str) else absent


def number(text: str) -> Json:
    """The number that was typed; what is none stays a text, for the validation to name."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def number_text(value: float) -> str:
    """A number as people write it: 300, not 300.0."""
    return str(int(value)) if float(value).is_integer() else str(value)


def whole(form: QueryDict, name: str) -> int:
    """A counter that the form carries; 0 where somebody tampered with it."""
    text = form.get(name, "")
    return int(text) if _WHOLE.fullmatch(text) else 0


def object_or_text(text: str) -> Json:
    """The JSON object where one was typed, else the text as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        found = parse_json(text)
    except BatonError:
        return text
    return found if isinstance(found, dict) else text


def value_of(text: str) -> Json:
    """Any JSON value where one was typed, else the text as it is; nothing typed is null."""
    if not text.strip():
        return None
    try:
        return parse_json(text)
    except BatonError:
        return text


def json_or_text_text(value: Json) -> str:
    """What `value_of` reads back: null as nothing, a text as it is unless it would read as something else."""
    if value is None:
        return ""
    if isinstance(value, str) and value_of(value) == value:
        return value
    return json.dumps(value, indent=2 if isinstance(value, (dict, list)) else None, ensure_ascii=False)


def template_text(value: Json) -> str:
    """Text, or an object as its JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def duration(seconds: float) -> str:
    """A length of time in words: 86,400 is `1 day`, 5,400 is `90 minutes`."""
    for size, unit in _UNITS:
        if seconds >= size and float(seconds / size).is_integer():
            count = int(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{number_text(seconds)} seconds"
