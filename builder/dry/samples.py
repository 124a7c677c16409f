"""A value that a JSON Schema would most likely take: the smallest of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
_DEEPEST = 8


def sample(schema: Json, text: str = "Sample", root: Mapping[str, Json] | None = None, depth: int = 0) -> Json:
    """A small value for `schema`; texts are `text`. It need not fit: formats and `not` are left alone."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return text
    root = root if root is not None else schema
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return sample(_at(root, str(schema["$ref"])), text, root, depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name) and "type" not in schema and "properties" not in schema:
            return sample(schema[name][0], text, root, depth + 1)
    return _of_kind(schema, text, root, depth)


def _of_kind(schema: Mapping[str, Json], text: str, root: Mapping[str, Json], depth: int) -> Json:
    kind = schema.get("type", "object" if "properties" in schema or "required" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        parts = schema.get("properties", {})
        return {name: sample(parts.get(name, {}), text, root, depth + 1) for name in schema.get("required", parts)}
    if kind == "array":
        return [
            sample(schema.get("items", {}), text, root, depth + 1) for _ in range(min(schema.get("minItems", 0), 20))
        ]
    if kind in ("integer", "number"):
        return _number(schema)
    if kind in ("boolean", "null"):
        return True if kind == "boolean" else None
    return text[: schema.get("maxLength", len(text))].ljust(min(schema.get("minLength", 0), 1_000), ".")


def _number(schema: Mapping[str, Json]) -> Json:
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None:
        return 1 if most is None or most >= 1 else most
    return least


def _at(root: Json, reference: str) -> Json:
    """What a local reference names; an empty schema where it names nothing."""
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found
