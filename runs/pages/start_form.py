"""The run dialog: a text, or a form made from the input schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from projects.errors import BatonError, Detail
from projects.jsontext import parse_json

Json = Any


def has_fields(schema: Mapping[str, Json] | None) -> bool:
    """Whether the schema asks for an object with named properties, which a form can show."""
    return bool(schema and isinstance(schema.get("properties"), Mapping) and schema["properties"])


def names_of(schema: Mapping[str, Json] | None) -> list[str]:
    """The names of the form's fields; the one text is called `input`."""
    return list(schema["properties"]) if schema is not None and has_fields(schema) else ["input"]


def fields_of(
    schema: Mapping[str, Json], typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> list[dict[str, Json]]:
    """The fields of the form, as components/_field.html shows them; `typed` is what was sent before."""
    required = schema.get("required", [])
    return [
        _field(name, part if isinstance(part, Mapping) else {}, name in required, typed, (errors or {}).get(name, ""))
        for name, part in schema["properties"].items()
    ]


def _field(
    name: str, part: Mapping[str, Json], required: bool, typed: Mapping[str, str] | None, error: str
) -> dict[str, Json]:
    kind = _kind(part)
    default = part.get("default", "")
    value = default if kind == "checkbox" or isinstance(default, str) else json.dumps(default, ensure_ascii=False)
    if typed is not None:
        value = typed.get(name, "") if kind != "checkbox" else name in typed
    options = [{"value": "", "label": "Choose"}, *({"value": str(o), "label": str(o)} for o in part.get("enum", []))]
    return {
        "id": f"input-{name}",
        "name": f"input-{name}",
        "label": part.get("title") or name,
        "kind": kind,
        "value": value,
        "help": part.get("description", ""),
        "error": error,
        "required": required,
        "options": options if kind == "select" else [],
        "min": part.get("minimum"),
        "max": part.get("maximum"),
    }


def _kind(part: Mapping[str, Json]) -> str:
    if "enum" in part:
        return "select"
    kinds = {"integer": "integer", "number": "number", "boolean": "checkbox", "object": "json", "array": "json"}
    stated = part.get("type")
    if isinstance(stated, str) and stated in kinds:
        return kinds[stated]
    long = isinstance(part.get("maxLength"), int) and part["maxLength"] > 200
    return "textarea" if long or part.get("format") == "multiline" else "text"


def typed_in(form: QueryDict) -> dict[str, str]:
    """What was sent for each field of the schema."""
    return {name.removeprefix("input-"): str(form.get(name, "")) for name in form if name.startswith("input-")}


def value_of(schema: Mapping[str, Json], typed: Mapping[str, str]) -> dict[str, Json]:
    """The object that the typed texts stand for. Empty fields that are not required are left out."""
    required = schema.get("required", [])
    value: dict[str, Json] = {}
    for name, part in schema["properties"].items():
        kind = _kind(part if isinstance(part, Mapping) else {})
        text = typed.get(name, "")
        if kind == "checkbox":
            value[name] = name in typed
        elif text or (name in required and kind in ("text", "textarea")):
            value[name] = _read(kind, part, text)
    return value


def _read(kind: str, part: Mapping[str, Json], text: str) -> Json:
    """A text as the schema's type, where it is one; else the text, for the schema to refuse."""
    if kind == "select":
        return next((option for option in part["enum"] if str(option) == text), text)
    if kind not in ("integer", "number", "json"):
        return text.replace("\r\n", "\n")
    try:
        return parse_json(text)
    except BatonError:
        return text


def errors_of(details: Sequence[Detail], names: Sequence[str], message: str) -> dict[str, str]:
    """The problems at their fields, also a missing one's; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        inside = detail.path.removeprefix("input").strip(".").split(".")[0].split("[")[0]
        name = inside if inside in names else next((n for n in names if f"'{n}' is a required" in detail.message), "")
        errors[name or "form"] = "is needed" if "is a required" in detail.message and name else detail.message
    return errors or {"form": message}
