"""The drawer of one hook: its row of the stage's hooks by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.canonical import block_of
from builder.commands import SetHooks
from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Hook, Stage
from builder.pages import hook_rows
from builder.pages.assignment_drawer import workflow_choices
from builder.pages.conflict import panel
from builder.pages.hook_blocks import KINDS, blocks_of, put_error
from builder.pages.hook_fields import with_fields
from builder.pages.hook_words import hook_words
from builder.pages.touched import marks_of
from builder.reading import read_workflow
from builder.spec import StageSpec
from builder.validation import path_text
from projects.errors import Detail

Json = Any
Row = hook_rows.Row
TEMPLATE = "builder/_hook_drawer.html"
_PLACES = {"entry": "On entry", "exit": "On exit"}


def rows_of(stage: Stage) -> list[Row]:
    """All hooks of the stage, as they are stored."""
    return _rows(read_workflow(stage.workflow_id).stages[stage.position])


def _rows(block: StageSpec) -> list[Row]:
    raw = block_of(block)
    return hook_rows.stored_rows(raw["entry_hooks"], raw["exit_hooks"])


def stored_row(rows: list[Row], hook: Hook) -> Row:
    """The hook's own row. Raises NotFound where it is gone."""
    for row in rows:
        if (row["moment"], row["place"]) == (hook.moment, hook.position):
            return row
    raise NoSuchPart("hook")


def posted_row(form: QueryDict, stored: Row) -> Row:
    """The hook as it was typed; its form has the number 0."""
    typed = form.copy()
    typed["hooks"], typed["hook-0-moment"], typed["hook-0-kind"] = "1", stored["moment"], stored["kind"]
    return hook_rows.posted_rows(typed)[0]


def alone(row: Row) -> Row:
    """The row as the only one of a form."""
    return hook_rows.numbered([row])[0]


def meaning(row: Row) -> dict[str, Json]:
    """What the row means, for the mark that the form carries."""
    return {"hook": blocks_of([row], row["moment"])}


def command(stage: Stage, rows: list[Row], hook: Hook, typed: Row | None, version: int) -> SetHooks:
    """All hooks of the stage, this one as it was typed, or without it."""
    own = stored_row(rows, hook)
    place = rows.index(own)
    left = [*rows[:place], *([typed] if typed else []), *rows[place + 1 :]]
    entry, leave = (blocks_of(left, moment) for moment in hook_rows.MOMENTS)
    return SetHooks(do="set_hooks", stage=stage.pk, version=version, entry=entry, exit=leave)


def drawer(
    hook: Hook,
    *,
    can_edit: bool,
    row: Row | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Json]:
    """The context of builder/_hook_drawer.html; `row` is what was typed, not stored yet."""
    stage = hook.stage
    block = read_workflow(stage.workflow_id).stages[stage.position]
    stored = alone(stored_row(_rows(block), hook))
    shown = row or stored
    outcomes = [{"value": label, "label": label} for label in block.outcomes]
    workflows = workflow_choices(stage.workflow.project_id, [shown["workflow"]])
    return {
        "key": f"hook:{hook.pk}",
        "save_url": reverse("hook-drawer", args=[hook.pk]),
        "can_edit": can_edit,
        "version": stage.version if version is None else version,
        "marks": marks_of(meaning(stored)) if marks is None else marks,
        "title": f"{KINDS[hook.kind]}{': ' + shown['name'] if shown['name'] else ''}",
        "place": _PLACES[hook.moment],
        "stage": {"id": stage.pk, "name": stage.name},
        "row": with_fields(shown, outcomes, workflows),
        "rows_target": "#hook-fields",
        "errors": errors or {},
        "conflict": conflict,
        "dirty": row is not None,
    }


def put_errors(row: Row, hook: Hook, details: list[Detail], message: str) -> dict[str, str]:
    """Put the problems at the row; returns those about the whole."""
    row["place"] = hook.position
    place = path_text(("stages", hook.stage.position))
    rest = [each for each in details if not put_error([row], each.path.removeprefix(f"{place}."), each)]
    if not details:
        return {"form": message}
    return {"form": "; ".join(each.message for each in rest)} if rest else {}


def after_conflict(hook: Hook, typed: Row, error: EditedMeanwhile) -> dict[str, Json]:
    """The panel of yours and theirs."""
    stored = stored_row(rows_of(hook.stage), hook)
    words = [hook_words(blocks_of([row], row["moment"])[0]) for row in (typed, stored)]
    pairs = [("Hook", words[0], words[1])] if words[0] != words[1] else []
    return panel(error, pairs, reverse("hook-drawer", args=[hook.pk]))
