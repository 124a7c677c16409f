"""JSON Schemas of inputs and results: which are accepted (2020-12, closed and finite), and what does not fit one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from projects.errors import Detail

Loc = tuple[str | int, ...]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Where a schema holds further schemas.
_ONE = ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
_ONE_TOO = ("unevaluatedItems", "unevaluatedProperties", "contentSchema")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependentSchemas", "properties")
# These look at the same value again: a circle among them would never end.
_IN_PLACE_ONE = ("else", "if", "not", "then")
_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_REFERENCES = ("$ref", "$dynamicRef")
_REFUSED = ("pattern", "patternProperties")

_LONGEST_CHAIN = 100  # references one after another, without looking deeper into the value
_MOST_WORK = 200_000  # keywords applied in one validation; more is a schema made to be slow
_MOST_MISFITS = 50


def schema_problems(schema: Any) -> Iterator[tuple[Loc, str]]:
    """What makes `schema` none that Baton takes, each with its place inside.

    It must be a JSON Schema (2020-12) without regular expressions, without references that leave it, lead nowhere or
    run in a circle: nothing is fetched and nothing a user wrote can take for ever.
    """
    broken = False
    for error in _metaschema().iter_errors(schema):
        broken = True
        yield tuple(error.absolute_path), f"is no JSON Schema: {_short(error.message)}"
    if broken or not isinstance(schema, Mapping):
        return
    if schema.get("$schema", DIALECT).rstrip("#") != DIALECT:
        yield ("$schema",), f"only JSON Schema 2020-12 is read ({DIALECT})"
    parts = dict(_parts(schema, ()))
    for loc, part in parts.items():
        yield from _part_problems(loc, part)
    yield from _reference_problems(parts)


def misfits(schema: Any, value: Any, at: str = "") -> list[Detail]:
    """Where `value` does not fit `schema`: each with its field and the reason; empty when it fits.

    `at` is the path of the value itself. The schema must have passed `schema_problems`.
    """
    token = _work.set([_MOST_WORK])
    try:
        errors = sorted(_first_errors(schema, value), key=lambda error: [str(part) for part in error.absolute_path])
    except (_TooMuchWorkError, RecursionError):
        return [Detail(path=at, message="the schema is too costly to check this value")]
    finally:
        _work.reset(token)
    return [Detail(path=_value_path(at, error.absolute_path), message=_short(error.message)) for error in errors]


def _first_errors(schema: Any, value: Any) -> list[ValidationError]:
    found: list[ValidationError] = []
    for error in _Bounded(schema).iter_errors(value):
        found.append(error)
        if len(found) == _MOST_MISFITS:
            break
    return found


@lru_cache(maxsize=1)
def _metaschema() -> Any:
    return Draft202012Validator(Draft202012Validator.META_SCHEMA)


def _parts(schema: Any, loc: Loc) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    """Every schema inside `schema`, itself included, where keywords count as keywords."""
    if not isinstance(schema, Mapping):
        return
    yield loc, schema
    for keyword in (*_ONE, *_ONE_TOO):
        if keyword in schema:
            yield from _parts(schema[keyword], (*loc, keyword))
    for keyword in _LISTS:
        for index, part in enumerate(schema.get(keyword, ())):
            yield from _parts(part, (*loc, keyword, index))
    for keyword in _MAPS:
        for name, part in schema.get(keyword, {}).items():
            yield from _parts(part, (*loc, keyword, name))


def _part_problems(loc: Loc, part: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    for keyword in _REFUSED:
        if keyword in part:
            yield (*loc, keyword), "regular expressions are not taken in schemas"
    if "$id" in part and loc:
        yield (*loc, "$id"), "only the schema itself may have an $id"
    for keyword in _REFERENCES:
        if keyword in part and not str(part[keyword]).startswith("#"):
            yield (*loc, keyword), "a reference must be local (#/...): nothing is fetched"


def _reference_problems(parts: Mapping[Loc, Mapping[str, Any]]) -> Iterator[tuple[Loc, str]]:
    anchors = {part[key]: loc for loc, part in parts.items() for key in ("$anchor", "$dynamicAnchor") if key in part}
    targets: dict[Loc, list[Loc]] = {}
    for loc, part in parts.items():
        targets[loc] = [place for place in _in_place(loc, part) if place in parts]
        for keyword in _REFERENCES:
            text = str(part.get(keyword, ""))
            if not text.startswith("#"):
                continue
            target = _resolve(text[1:], parts, anchors)
            if target is None:
                yield (*loc, keyword), "the reference leads nowhere"
            else:
                targets[loc].append(target)
    for loc in _circles(targets):
        yield loc, "the references run in a circle, or in too long a chain"


def _in_place(loc: Loc, part: Mapping[str, Any]) -> Iterator[Loc]:
    for keyword in _IN_PLACE_ONE:
        if keyword in part:
            yield (*loc, keyword)
    for keyword in _IN_PLACE_LISTS:
        yield from ((*loc, keyword, index) for index in range(len(part.get(keyword, ()))))
    yield from ((*loc, "dependentSchemas", name) for name in part.get("dependentSchemas", {}))


def _resolve(fragment: str, parts: Mapping[Loc, Any], anchors: Mapping[str, Loc]) -> Loc | None:
    text = unquote(fragment)
    if text and not text.startswith("/"):
        return anchors.get(text)
    names = [name.replace("~1", "/").replace("~0", "~") for name in text.split("/")[1:]]
    by_text = tuple(names)
    for loc in (by_text, _with_numbers(by_text)):
        if loc in parts:
            return loc
    return None


def _with_numbers(names: tuple[str, ...]) -> Loc:
    """A JSON pointer does not tell list indexes from names: they follow a keyword that holds a list."""
    steps = zip(("", *names), names, strict=False)
    return tuple(int(name) if prior in _LISTS and name.isdecimal() else name for prior, name in steps)


def _circles(targets: Mapping[Loc, Sequence[Loc]]) -> Iterator[Loc]:
    """The places from which looking at one value never ends, or goes through too long a chain."""
    lengths: dict[Loc, int] = {}

    def length(loc: Loc, depth: int) -> int:
        if loc in lengths:
            return lengths[loc]
        if depth > _LONGEST_CHAIN:
            return depth
        lengths[loc] = _LONGEST_CHAIN + 1  # meeting it again on the way is a circle
        lengths[loc] = 1 + max((length(target, depth + 1) for target in targets.get(loc, ())), default=0)
        return lengths[loc]

    return (loc for loc in targets if length(loc, 0) > _LONGEST_CHAIN)


class _TooMuchWorkError(Exception):
    """The schema asks for more work than one validation may take."""


_work: ContextVar[list[int]] = ContextVar("work of one validation")
_Keyword = Callable[[Any, Any, Any, Any], Any]


def _counted(keyword: _Keyword) -> _Keyword:
    def count(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        left = _work.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooMuchWorkError
        return keyword(validator, value, instance, schema)

    return count


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """`uniqueItems` in linear time; the library compares each with each."""
    if not wanted or not isinstance(instance, list):
        return
    seen = {json.dumps(_plain(item), sort_keys=True) for item in instance}
    if len(seen) < len(instance):
        yield ValidationError("has items that are the same")


def _plain(value: Any) -> Any:
    """1.0 and 1 are one number in JSON Schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


_Bounded: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _counted(keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()} | {"uniqueItems": _unique},
)


def _value_path(at: str, path: Sequence[str | int]) -> str:
    for part in path:
        at += f"[{part}]" if isinstance(part, int) else f".{part}"
    return at.removeprefix(".")


def _short(message: str) -> str:
    """The library quotes the whole value in its messages."""
    return message if len(message) <= 300 else f"{message[:140]} ... {message[-140:]}"
