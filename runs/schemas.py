"""Checking input and results against the JSON Schemas of a workflow's version."""

from __future__ import annotations

from typing import Any

from builder.publish import frozen
from builder.schemas import misfits
from projects.errors import Detail

Json = Any
_SHOWN = 5  # problems named in one message


def input_problems(version_id: int, value: Json) -> list[Detail]:
    """Every place where an input does not fit the version's input schema, with the reason."""
    schema = frozen(version_id).workflow.input_schema
    return misfits(schema, value, "input") if schema is not None else []


def has_input_schema(version_id: int) -> bool:
    """Whether the version declares an input schema."""
    return frozen(version_id).workflow.input_schema is not None


def result_problem(version_id: int, value: Json) -> str | None:
    """Why a result does not fit the version's output schema, in one line; None when it fits."""
    schema = frozen(version_id).workflow.output_schema
    problems = misfits(schema, value, "result") if schema is not None else []
    return "; ".join(f"{problem.path}: {problem.message}" for problem in problems[:_SHOWN]) or None
