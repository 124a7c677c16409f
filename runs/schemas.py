"""Checking input and results against the JSON Schemas of a workflow. Compiled once per version and process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from builder.publish import frozen
from projects.errors import Detail

Json = Any
_SHOWN = 5  # problems named in one message


@lru_cache(maxsize=512)
def _input_validator(version_id: int) -> Validator | None:
    return _validator(frozen(version_id).workflow.input_schema)


@lru_cache(maxsize=512)
def _output_validator(version_id: int) -> Validator | None:
    return _validator(frozen(version_id).workflow.output_schema)


def _validator(schema: Mapping[str, Json] | None) -> Validator | None:
    return Draft202012Validator(schema) if schema is not None else None


def input_problems(version_id: int, value: Json) -> list[Detail]:
    """Every place where an input does not fit the version's input schema, with the reason."""
    validator = _input_validator(version_id)
    if validator is None:
        return []
    return [Detail(_path("input", error.absolute_path), error.message) for error in validator.iter_errors(value)]


def has_input_schema(version_id: int) -> bool:
    """Whether the version declares an input schema."""
    return _input_validator(version_id) is not None


def result_problem(version_id: int, value: Json) -> str | None:
    """Why a result does not fit the version's output schema, in one line; None when it fits."""
    validator = _output_validator(version_id)
    if validator is None:
        return None
    problems = [f"{_path('result', error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)]
    return "; ".join(problems[:_SHOWN]) or None


def _path(root: str, parts: Any) -> str:
    path = root
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path
