"""Whether data is a definition that Baton takes: all problems at once, each with its path, in plain words.

Everything that is stored passes here: imported files, bodies of the API, and what the builder's operations made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from builder.canonical import Names, block_text, is_written_so, stage_block, stage_text
from builder.references import Known, Loc, agent_problems, file_problems, names, workflow_problems
from builder.spec import AgentSpec, ProjectFile, StageSpec, WorkflowSpec
from projects.errors import Detail, Invalid

MOST_DETAILS = 500

_T = TypeVar("_T", bound=BaseModel)
_Problems = Iterable[tuple[Loc, str]]
_PLAIN_KEY = re.compile(r"[\w-]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def checked_file(raw: Any, known: Known | None = None) -> ProjectFile:
    """`raw` as a project file. `known` names what the project has beside the file. Raises Invalid with all problems."""
    return _checked(ProjectFile, raw, file_problems(raw, known or Known()), "The project file has problems")


def checked_workflow(raw: Any, known: Known, before: WorkflowSpec | None = None) -> WorkflowSpec:
    """`raw` as a workflow's block; `known` names the project's agents and workflows. Raises Invalid.

    Stages that are as in `before`, which was checked once, are not read again: only what they refer to is.
    """
    mostly_read = _with_old_stages(raw, before)
    problems = workflow_problems(raw, (), known, _sound_in(mostly_read, known))
    return _checked(WorkflowSpec, raw, problems, "The workflow has problems", mostly_read)


def _with_old_stages(raw: Any, before: WorkflowSpec | None) -> Any:
    stages = raw.get("stages") if isinstance(raw, Mapping) else None
    if before is None or not isinstance(stages, list):
        return raw
    same = {id(stage_block(stage)): stage for stage in before.stages}
    alike = {stage_text(stage): stage for stage in before.stages}
    return {
        **raw,
        "stages": [same.get(id(stage)) or alike.get(_text_or_nothing(stage), stage) for stage in stages],
    }


def _sound_in(mostly_read: Any, known: Known) -> set[int]:
    """The places of the stages that were checked before, and refer to nothing that is not there."""
    stages = mostly_read.get("stages") if isinstance(mostly_read, Mapping) else None
    if not isinstance(stages, list):
        return set()
    read = {place: stage for place, stage in enumerate(stages) if isinstance(stage, StageSpec)}
    there = Names.of(known, names(stage.name for stage in read.values()))
    return {place for place, stage in read.items() if is_written_so(stage, there)}


def _text_or_nothing(value: Any) -> str:
    try:
        return block_text(value)
    except (TypeError, ValueError, RecursionError):
        return ""


def checked_agent(raw: Any) -> AgentSpec:
    """`raw` as an agent's block. Raises Invalid with all problems."""
    return _checked(AgentSpec, raw, agent_problems(raw, ()), "The agent has problems")


def path_text(loc: Sequence[str | int]) -> str:
    """A place in the file as people write it: `workflows[0].stages[1].routes.approve.workflow`."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=not part.isprintable())}]"
    return text


def refuse(message: str, problems: _Problems) -> NoReturn:
    """Raise Invalid with `problems` as its details, doubles left out and cut at a number that can be read."""
    found = dict.fromkeys((path_text(loc), text) for loc, text in islice(problems, MOST_DETAILS + 1))
    details = [Detail(path=path, message=text) for path, text in found][:MOST_DETAILS]
    if len(found) > MOST_DETAILS:
        details.append(Detail(path="", message="and more"))
    raise Invalid(f"{message}.", details=details)


def refuse_shape(message: str, error: ValidationError) -> NoReturn:
    """Raise Invalid with what pydantic found, in plain words."""
    refuse(message, _shape_problems(error))


def _checked(kind: type[_T], raw: Any, references: _Problems, message: str, mostly_read: Any = None) -> _T:
    """`mostly_read` is `raw` with parts that are specs already."""
    shape = raw if mostly_read is None else mostly_read
    beyond = chain(text_problems(shape, ()), references)
    try:
        made = kind.model_validate(shape)
    except ValidationError as error:
        refuse(message, chain(_shape_problems(error), beyond))
    if problems := list(islice(beyond, MOST_DETAILS + 1)):
        refuse(message, problems)
    return made


def _shape_problems(error: ValidationError) -> Iterator[tuple[Loc, str]]:
    for item in error.errors(include_url=False, include_input=False):
        # Tags of unions and pydantic's marks for keys are no places of the file.
        loc = tuple(part for part in item["loc"] if isinstance(part, int) or not _is_mark(part))
        yield loc, _in_words(item["type"], item["msg"], item.get("ctx", {}))


def _is_mark(part: str) -> bool:
    return part == "[key]" or (part.startswith("<") and part.endswith(">"))


_WORDS = {
    "missing": "is required",
    "extra_forbidden": "unknown field",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}; it has {actual_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "is not of the form that is wanted here",
    "enum": "must be one of {expected}",
    "literal_error": "must be {expected}",
}


def _in_words(kind: str, message: str, context: Mapping[str, Any]) -> str:
    words = _WORDS.get(kind)
    if words is None:
        return message.removeprefix("Value error, ")
    return words.format_map({name: f"{item:g}" if isinstance(item, float) else item for name, item in context.items()})


def text_problems(raw: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Texts that no database or browser takes."""
    if isinstance(raw, str):
        if _UNSTORABLE.search(raw):
            yield loc, "holds a character that cannot be stored (NUL, or half of a pair)"
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            if isinstance(key, str) and _UNSTORABLE.search(key):
                yield loc, "has a key with a character that cannot be stored (NUL, or half of a pair)"
            else:
                yield from text_problems(value, (*loc, key if isinstance(key, (str, int)) else str(key)))
    elif isinstance(raw, (list, tuple)):
        for index, value in enumerate(raw):
            yield from text_problems(value, (*loc, index))
