"""The workflows that an agent may call, described so that a model can choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from agents.runtime.limits import DESCRIPTION, LISTED_WORKFLOWS

Json = Any
_PROPERTIES = 20


class Entry(Protocol):
    """What a workflow of the catalogue must show of itself."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def input_schema(self) -> dict[str, Json] | None: ...


def described(catalogue: Iterable[Entry], allowed: Sequence[str]) -> str:
    """One line for each workflow: name, description, input. An empty `allowed` allows all."""
    names = {name.casefold() for name in allowed}
    entries = [entry for entry in catalogue if not names or entry.name.casefold() in names]
    if not entries:
        return "There is no workflow that you may call."
    lines = [_line(entry) for entry in entries[:LISTED_WORKFLOWS]]
    if len(entries) > len(lines):
        lines.append(f"- and {len(entries) - len(lines)} more, by name")
    return "Workflows that you may call:\n" + "\n".join(lines)


def _line(entry: Entry) -> str:
    description = " ".join(entry.description.split())
    if len(description) > DESCRIPTION:
        description = f"{description[:DESCRIPTION]}…"
    about = f": {description}" if description else ""
    return f"- {entry.name}{about} (input: {_input(entry.input_schema)})"


def _input(schema: Mapping[str, Json] | None) -> str:
    if schema is None:
        return "text or an object, or nothing"
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        kind = schema.get("type")
        return f"a JSON value of type {kind}" if isinstance(kind, str) else "a JSON object"
    required = schema.get("required", ())
    fields = [_property(name, properties[name], name in required) for name in list(properties)[:_PROPERTIES]]
    more = ", …" if len(properties) > _PROPERTIES else ""
    return f"an object with {', '.join(fields)}{more}"


def _property(name: str, schema: Json, required: bool) -> str:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    notes = [str(kind)[:60]] if kind else []
    notes += ["required"] if required else []
    return f"{name[:100]} ({', '.join(notes)})" if notes else name[:100]
