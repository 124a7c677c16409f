"""Values in the form in which Django itself stores them, by the kind of their field."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Field, ForeignKey


def clean(text: str) -> str:
    """A text as a database can hold it: NUL and lone surrogates, which broken output may bring, become U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _clean_all(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _clean_all(item) for key, item in value.items()}
    return [_clean_all(item) for item in value] if isinstance(value, list | tuple) else value


def _to_json(value: Any) -> str:
    text = json.dumps(value)
    # Escapes of NUL and of surrogates are rare enough that only they pay for a closer look.
    return json.dumps(_clean_all(value)) if "\\u0000" in text or "\\ud" in text else text


def _naive(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))


def _aware(value: str | datetime) -> datetime:
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)


def _from_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def stored_as(field: Field[Any, Any]) -> str:
    """The kind of a field; a foreign key's is that of the key it points to."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field.get_internal_type()


INTO: dict[str, dict[str, Callable[[Any], Any]]] = {
    "sqlite": {
        "JSONField": _to_json,
        "UUIDField": lambda value: value.hex,
        "DateTimeField": _naive,
        "TextField": clean,
        "CharField": clean,
    },
    "postgresql": {"JSONField": _to_json, "TextField": clean, "CharField": clean},
}
OUT_OF: dict[str, dict[str, Callable[[Any], Any]]] = {
    "sqlite": {"JSONField": _from_json, "UUIDField": UUID, "DateTimeField": _aware, "BooleanField": bool},
    "postgresql": {"JSONField": _from_json},
}
