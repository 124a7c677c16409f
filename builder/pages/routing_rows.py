"""The outcome rows of the stage drawer: from a stage to rows, from a form to rows, from rows to edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from builder.operations import OutcomeEdit
from builder.pages.typed import lines, number, number_text, object_or_text, template_text, whole
from builder.spec import END, StageRoute, StageSpec, WorkflowRoute
from builder.validation import path_text
from projects.errors import Detail

Json = Any
Row = dict[str, Json]
MOST_ROWS = 100  # outcomes of one stage
_CHOSEN = ("stage", "workflow")
_FIELDS = ("key", "name", "goes_to", "stage", "workflow", "input", "continue_at", "timeout")


def stored_rows(stage: StageSpec) -> list[Row]:
    """The outcomes of a stage as rows of the form."""
    return [_numbered(index, _row(stage, label)) for index, label in enumerate(stage.outcomes)]


def _row(stage: StageSpec, label: str) -> Row:
    row: Row = {**dict.fromkeys(_FIELDS, ""), "key": label, "name": label, "goes_to": "next"}
    row["is_default"] = label == stage.default_outcome
    route = stage.routes.get(label)
    if isinstance(route, WorkflowRoute):
        row |= {
            "goes_to": "workflow",
            "workflow": route.workflow,
            "input": template_text(route.input),
            "continue_at": "" if route.continue_at == END else route.continue_at,
            "timeout": "" if route.timeout is None else number_text(route.timeout),
        }
    elif isinstance(route, StageRoute):
        row |= {"goes_to": "end"} if route.stage == END else {"goes_to": "stage", "stage": route.stage}
    return row


def _numbered(index: int, row: Row) -> Row:
    rest = {"warning": "", "focus": False, "errors": {}, "is_default": False}
    return {**rest, **row, "index": index, "prefix": f"row-{index}"}


def posted_rows(form: QueryDict) -> list[Row]:
    """The rows as they were typed; a few over the limit are kept, so that it is told and nothing is lost."""
    count = min(whole(form, "rows"), MOST_ROWS + 10)
    return [_posted_row(form, index) for index in range(count)]


def _posted_row(form: QueryDict, index: int) -> Row:
    row = _numbered(index, {name: form.get(f"row-{index}-{name}", "") for name in _FIELDS})
    row["name"] = row["name"].strip()
    row["input"] = lines(row["input"])
    chosen = form.get("default_outcome", "")
    row["is_default"] = chosen != "" and chosen in (row["prefix"], row["name"])
    return row


def with_one_more(rows: Sequence[Row]) -> list[Row]:
    """The rows and a new one, which gets the focus."""
    fresh: Row = {**dict.fromkeys(_FIELDS, ""), "goes_to": "next", "focus": True}
    return [*rows, _numbered(len(rows), fresh)]


def without(rows: Sequence[Row], place: str) -> list[Row]:
    """The rows without the one that was removed."""
    left = [row for row in rows if str(row["index"]) != place]
    return [_numbered(index, row) for index, row in enumerate(left)]


def edits_of(rows: Sequence[Row]) -> list[OutcomeEdit]:
    """What the rows ask for."""
    return [OutcomeEdit(row["name"], _route(row), row["key"] or None) for row in rows]


def default_of(rows: Sequence[Row]) -> str | None:
    """The outcome that is marked as the default."""
    return next((row["name"] for row in rows if row["is_default"] and row["name"]), None)


def _route(row: Row) -> dict[str, Json] | None:
    if row["goes_to"] == "stage":
        return {"stage": row["stage"]}
    if row["goes_to"] == "end":
        return {"stage": END}
    if row["goes_to"] != "workflow":
        return None
    return {
        "workflow": row["workflow"],
        "input": object_or_text(row["input"]),
        "continue_at": row["continue_at"] or END,
        "timeout": number(row["timeout"]) if row["timeout"].strip() else None,
    }


def words_of(row: Row) -> str:
    """Where a row leads, for those who compare two."""
    if row["goes_to"] == "stage":
        return f"Stage {row['stage']}"
    if row["goes_to"] == "end":
        return "End the workflow"
    if row["goes_to"] != "workflow":
        return "Next stage"
    parts = [f"Workflow {row['workflow']}", f"continue at {row['continue_at'] or 'End the workflow'}"]
    if row["input"]:
        parts.append(f"input {row['input']}")
    if row["timeout"]:
        parts.append(f"at most {row['timeout']} seconds")
    return ", ".join(parts)


# Problems


def put_errors(rows: Sequence[Row], details: Sequence[Detail], stage: str, message: str) -> dict[str, str]:
    """Put the problems at their rows, by their paths below `stage` (`stages[1]`); returns those about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        inside = detail.path.removeprefix(f"{stage}.")
        row, field = _place(rows, inside)
        if row is not None:
            told = f"choose a {field}" if field in _CHOSEN and not row[field] else detail.message
            row["errors"] = {field: told, **row["errors"]}
        elif inside == "default_outcome":
            errors[inside] = detail.message
        else:
            told = f"{_whose(inside)}{detail.message}"
            errors["form"] = f"{errors['form']}; {told}" if "form" in errors else told
    return errors or ({} if details else {"form": message})


def _whose(inside: str) -> str:
    return "An approval of this stage leads to it: " if "_hooks[" in inside else ""


def _place(rows: Sequence[Row], inside: str) -> tuple[Row | None, str]:
    for row in rows:
        if inside == f"outcomes[{row['index']}]":
            return row, "name"
        route = path_text(("routes", row["name"]))
        if inside != route and not inside.startswith((f"{route}.", f"{route}[")):
            continue
        field = inside.removeprefix(route).lstrip(".").split(".")[0].split("[")[0]
        return row, field if field in _FIELDS else row["goes_to"]
    return None, ""
