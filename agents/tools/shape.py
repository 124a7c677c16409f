"""What the tools have in common: types of arguments, their schemas, and how mistakes are told to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from agents.runtime.limits import VALUE_BYTES
from agents.runtime.values import as_text

Json = Any

_NAME = 200  # characters

TRIGGER_WORKFLOWS = "trigger_workflows"
DECIDE_OUTCOME = "decide_outcome"
ASK_PEOPLE = "ask_people"
USE_SUBAGENTS = "use_subagents"


@dataclass(frozen=True)
class Offer:
    """What decides how the tools describe themselves to one agent."""

    workflows: str = ""  # the workflows that may be called, described, one a line
    labels: tuple[str, ...] = ()  # outcomes of the stage
    timeout: float = 300.0  # seconds that a wait lasts when the agent names none


class Arguments(BaseModel):
    """Base of all tool arguments: a misspelt name is a mistake that the model hears about, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _within_limit(value: Json) -> Json:
    if len(as_text(value).encode(errors="surrogatepass")) > VALUE_BYTES:
        raise ValueError(f"is larger than {VALUE_BYTES:,} bytes")
    return value


def _no_flag(value: Json) -> Json:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _text_or_object(value: Json) -> Json:
    """Models, and values put into a script, bring lists and numbers too: as text they say the same."""
    if value is None:
        return ""
    return value if isinstance(value, (str, dict)) else as_text(value)


def _named_well(results: dict[str, Json]) -> dict[str, Json]:
    if not all(name.strip() and len(name) <= _NAME for name in results):
        raise ValueError(f"must have names of 1 to {_NAME} characters")
    return results


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_NAME)]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_NAME)]
Seconds = Annotated[float, Field(ge=1, le=86_400), BeforeValidator(_no_flag)]
Delay = Annotated[float, Field(ge=1, le=31_536_000), BeforeValidator(_no_flag)]
Context = Annotated[str | dict[str, Json], BeforeValidator(_text_or_object), AfterValidator(_within_limit)]
Results = Annotated[dict[str, Json], Field(min_length=1), AfterValidator(_named_well), AfterValidator(_within_limit)]


@cache
def parameters(arguments: type[Arguments]) -> dict[str, Json]:
    """The JSON Schema of a tool's arguments, without the titles that only repeat the names."""
    schema: dict[str, Json] = _without_titles(arguments.model_json_schema())
    schema.pop("description", None)
    return schema


def _without_titles(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: item for key, item in schema.items() if key != "title" or not isinstance(item, str)}
    return {key: _without_titles(item) for key, item in kept.items()}


def mistakes(tool: str, arguments: type[Arguments], error: ValidationError) -> str:
    """Every problem of a call at once, in words that a model can act on."""
    told = "; ".join(_mistake(arguments, problem) for problem in error.errors(include_url=False, include_input=False))
    return f"{tool} was not carried out, its arguments do not fit: {told}. Correct them and call it again."


def _mistake(arguments: type[Arguments], problem: Mapping[str, Json]) -> str:
    place = ".".join(str(step)[:100] for step in problem["loc"]) or "the arguments"
    return f"{place} {_words(arguments, problem['type'], problem.get('ctx', {}), problem['msg'])}"


def _words(arguments: type[Arguments], kind: str, context: Mapping[str, Json], message: str) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is no argument of this tool (its arguments: {_named(list(arguments.model_fields))})"
        case "string_type":
            return "must be text"
        case "float_type" | "float_parsing" | "finite_number":
            return "must be a number"
        case "dict_type":
            return "must be an object"
        case "too_short" | "string_too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:.0f}"
    return message.removeprefix("Value error, ")


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def exactly_one(values: Mapping[str, Json]) -> None:
    """Raises ValueError where not exactly one of the values is given."""
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        raise ValueError(f"need exactly one of {_named(list(values))}, not {_named(given)}")


def listed(values: Sequence[str]) -> str:
    """Labels for a description, quoted so that spaces and cases are plain."""
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
