"""Which parts of a form were touched: it carries a mark of each part, made when it was shown.

Only what was touched is saved, so that a form that has been open for a while takes nothing back that somebody else did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

Json = Any
_PREFIX = "mark-"


def marks_of(parts: Mapping[str, Json]) -> dict[str, str]:
    """A short mark for the meaning of each part."""
    return {name: _mark(value) for name, value in parts.items()}


def posted_marks(form: QueryDict) -> dict[str, str]:
    """The marks that the form was shown with."""
    return {
        name.removeprefix(_PREFIX): value
        for name, value in form.items()
        if name.startswith(_PREFIX) and isinstance(value, str)
    }


def touched(parts: Mapping[str, Json], marks: Mapping[str, str]) -> list[str]:
    """The names of the parts that mean something else than when the form was shown."""
    return [name for name, value in parts.items() if marks.get(name) != _mark(value)]


def _mark(value: Json) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
