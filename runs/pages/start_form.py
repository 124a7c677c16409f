"""The run dialog: a text, or a form made from the input schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.models import Workflow
from projects.errors import BatonError, Detail, Invalid
from projects.jsontext import parse_json

Json = Any
Schema = Mapping[str, Json]
_KINDS = {"integer": "integer", "number": "number", "boolean": "checkbox", "object": "json", "array": "json"}
_LONG = 200  # a text that may be longer gets several lines
PREFIX = "input-"


def dialog(
    workflow: Workflow,
    key: str,
    *,
    typed: Mapping[str, str] | None = None,
    text: str = "",
    errors: Mapping[str, str] | None = None,
) -> dict[str, Json]:
    """The context of builder/_run_dialog.html. `typed` and `text` are what was sent before, `errors` why not."""
    problems = errors or {}
    project = workflow.project
    return {
        "project": {"name": project.name, "url": reverse("project", args=[project.slug])},
        "workflow": {
            "name": workflow.name,
            "description": workflow.description,
            "url": reverse("workflow", args=[workflow.pk]),
        },
        "run_url": reverse("run-dialog", args=[workflow.pk]),
        "dry_run_url": reverse("dry-run-dialog", args=[workflow.pk]),
        "key": key,
        "fields": [
            _field(index, name, part, name in _required(workflow.input_schema), typed, problems.get(name, ""))
            for index, (name, part) in enumerate(parts_of(workflow.input_schema).items())
        ],
        "values": {"input": text},
        "errors": problems,
    }


def parts_of(schema: Schema | None) -> dict[str, Schema]:
    """The properties that a form asks for, each with its schema; empty where the input is one text."""
    if schema is None or "object" not in _types(schema, default="object"):
        return {}
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return {}
    named = {name: _resolved(schema, part) for name, part in properties.items()}
    return {**named, **{name: {} for name in _required(schema) if name not in named}}


def _required(schema: Schema | None) -> Sequence[str]:
    return schema.get("required", ()) if schema is not None else ()


def _types(part: Schema, *, default: str = "") -> Sequence[str]:
    stated = part.get("type", default)
    return [stated] if isinstance(stated, str) else list(stated)


def _resolved(schema: Schema, part: Json) -> Schema:
    """A property's schema; a local reference to a definition is followed once, as people write them."""
    if not isinstance(part, Mapping):
        return {}
    for where in ("$defs", "definitions"):
        start = f"#/{where}/"
        if str(part.get("$ref", "")).startswith(start):
            target = schema.get(where, {}).get(part["$ref"].removeprefix(start), {})
            return {**target, **part} if isinstance(target, Mapping) else part
    return part


def _field(
    index: int, name: str, part: Schema, required: bool, typed: Mapping[str, str] | None, error: str
) -> dict[str, Json]:
    """One field as components/_field.html shows it."""
    kind = _kind(part)
    value = part.get("default", "") if kind == "checkbox" else _shown(part.get("default", ""))
    if typed is not None:
        value = name in typed if kind == "checkbox" else typed.get(name, "")
    choices = [{"value": _shown(option), "label": _shown(option)} for option in part.get("enum", [])]
    empty = {"value": "", "label": "Choose" if required else "None"}
    return {
        "id": f"{PREFIX}{index}",
        "name": f"{PREFIX}{name}",
        "label": part.get("title") or name,
        "kind": kind,
        "value": value,
        "help": part.get("description", ""),
        "error": error,
        "required": required or kind == "checkbox",  # a switch is never "optional"
        "options": [empty, *choices] if kind == "select" else [],
        "min": part.get("minimum"),
        "max": part.get("maximum"),
    }


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(part: Schema) -> str:
    if "enum" in part:
        return "select"
    types = [name for name in _types(part) if name != "null"]
    if "object" in types or "array" in types:
        return "json"
    if len(types) == 1 and types[0] in _KINDS:
        return _KINDS[types[0]]
    longest = part.get("maxLength", 0)
    return "textarea" if longest > _LONG or "\n" in str(part.get("default", "")) else "text"


# What was sent


def typed_in(form: QueryDict) -> dict[str, str]:
    """What was sent for each field of the schema."""
    return {
        name.removeprefix(PREFIX): str(form.get(name, "")).replace("\r\n", "\n")
        for name in form
        if name.startswith(PREFIX)
    }


def value_of(parts: Mapping[str, Schema], typed: Mapping[str, str]) -> dict[str, Json]:
    """The object that the typed texts stand for. Empty fields are left out: required ones are missed by the schema."""
    value: dict[str, Json] = {}
    for name, part in parts.items():
        kind, text = _kind(part), typed.get(name, "")
        if kind == "checkbox":
            value[name] = name in typed
        elif text:
            value[name] = _read(kind, part, text)
    return value


def _read(kind: str, part: Schema, text: str) -> Json:
    """A text as the schema's type, where it is one; else the text, for the schema to refuse."""
    if kind == "select":
        return next((option for option in part["enum"] if _shown(option) == text), text)
    if kind not in ("integer", "number", "json"):
        return text
    try:
        return parse_json(text)
    except BatonError:
        return text


def errors_of(error: BatonError, parts: Mapping[str, Schema], typed: Mapping[str, str]) -> dict[str, str]:
    """The problems at their fields, also a missing one's; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in error.details:
        name, told = _placed(detail, parts, typed)
        errors[name] = f"{errors[name]}; {told}" if name in errors else told
    if not errors:
        return {"form": error.message}
    if "form" in errors and not isinstance(error, Invalid):
        errors["form"] = f"{error.message} {errors['form']}"
    return errors


def _placed(detail: Detail, parts: Mapping[str, Schema], typed: Mapping[str, str]) -> tuple[str, str]:
    for name, part in parts.items():
        if detail.path == "input" and detail.message == f"{name!r} is a required property":
            return name, "This is needed."
        start = f"input.{name}"
        if detail.path == start or detail.path.startswith((f"{start}.", f"{start}[")):
            return name, _no_json(_kind(part), typed.get(name, "")) or f"{_inside(detail.path, name)}{detail.message}"
    if detail.path == "input" and not parts:
        return "input", detail.message
    return "form", f"{detail.path}: {detail.message}" if detail.path not in ("", "input") else detail.message


def _inside(path: str, name: str) -> str:
    rest = path.removeprefix(f"input.{name}").lstrip(".")
    return f"{rest}: " if rest else ""


def _no_json(kind: str, text: str) -> str:
    if kind != "json":
        return ""
    try:
        parse_json(text)
    except BatonError as error:
        return "; ".join(detail.message for detail in error.details)
    return ""
