"""What the stage drawer holds: the stage's own fields, its outcomes and its hooks; what saving it asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from builder.canonical import block_of
from builder.commands import OutcomeBlock, SetHooks, SetOutcomes, UpdateStage
from builder.pages import hook_rows, routing_rows, stage_main
from builder.pages.hook_blocks import blocks_of, put_error, put_typed_errors
from builder.pages.hook_words import hook_words
from builder.pages.touched import touched
from builder.spec import StageSpec
from builder.validation import path_text
from projects.errors import Detail

Json = Any
_CUT = 20_000  # characters; a label this long is refused anyway, with the reason
StageCommand = UpdateStage | SetOutcomes | SetHooks


@dataclass
class StageForm:
    """The fields as they are shown. `values` are the stage's own, `rows` its outcomes, `hooks` its hooks."""

    values: dict[str, str]
    rows: list[routing_rows.Row]
    hooks: list[hook_rows.Row]

    def parts(self) -> dict[str, Json]:
        """What the form means, part by part; each is touched, and saved, by itself."""
        outcomes = [_outcome(edit) for edit in routing_rows.edits_of(self.rows)]
        return {
            **stage_main.parts_of(self.values),
            "outcomes": [outcomes, routing_rows.default_of(self.rows)],
            "hooks": [blocks_of(self.hooks, moment) for moment in hook_rows.MOMENTS],
        }


def _outcome(edit: Any) -> list[Json]:
    return [edit.label, edit.was, edit.route]


def stored_form(stage: StageSpec) -> StageForm:
    """The stage as the form shows it."""
    block = block_of(stage)
    return StageForm(
        values=stage_main.stored_values(stage),
        rows=routing_rows.stored_rows(stage),
        hooks=hook_rows.stored_rows(block["entry_hooks"], block["exit_hooks"]),
    )


def posted_form(form: QueryDict, stage: StageSpec) -> StageForm:
    """The form as it was typed; a part that it does not hold is as it is stored."""
    stored = stored_form(stage)
    return StageForm(
        values=stage_main.posted_values(form, stored.values),
        rows=routing_rows.posted_rows(form) if "rows" in form else stored.rows,
        hooks=hook_rows.posted_rows(form) if "hooks" in form else stored.hooks,
    )


def merged(typed: StageForm, stored: StageForm, changed: Collection[str]) -> StageForm:
    """What was typed where it was touched, and what is stored elsewhere."""
    return StageForm(
        values={name: typed.values[name] if name in changed else stored.values[name] for name in stored.values},
        rows=typed.rows if "outcomes" in changed else stored.rows,
        hooks=typed.hooks if "hooks" in changed else stored.hooks,
    )


def touched_parts(form: StageForm, marks: Mapping[str, str]) -> list[str]:
    """The parts that mean something else than when the form was shown."""
    return touched(form.parts(), marks)


def part_label(name: str) -> str:
    """What people call a part."""
    return {**stage_main.LABELS, "outcomes": "Outcome routing", "hooks": "Hooks"}[name]


def part_words(form: StageForm, name: str) -> str:
    """The value of one of the stage's own fields; nothing for the parts that are lists."""
    return stage_main.words_of(name, form.values[name]) if name in form.values else ""


# Saving


def orders(form: StageForm, stage: int, changed: Collection[str]) -> list[list[StageCommand]]:
    """The commands that save the touched parts, in each order that may do: a new outcome has to be there before a gate
    leads to it, and a gate has to leave an outcome before that can go. The versions are filled in while saving."""
    own = [name for name in stage_main.LABELS if name in changed]
    first = [UpdateStage(do="update_stage", stage=stage, version=0, changes=stage_main.changes_of(form.values, own))]
    head: list[StageCommand] = [*first] if own else []
    if "outcomes" not in changed or "hooks" not in changed:
        outcomes: list[StageCommand] = [_set_outcomes(form, stage)] if "outcomes" in changed else []
        hooks: list[StageCommand] = [_set_hooks(form, stage)] if "hooks" in changed else []
        return [[*head, *outcomes, *hooks]]
    return [
        [*head, _set_outcomes(form, stage), _set_hooks(form, stage, follow=True)],
        [*head, _set_hooks(form, stage), _set_outcomes(form, stage)],
    ]


def _set_outcomes(form: StageForm, stage: int) -> SetOutcomes:
    edits = routing_rows.edits_of(form.rows)
    return SetOutcomes(
        do="set_outcomes",
        stage=stage,
        version=0,
        outcomes=[OutcomeBlock(label=edit.label[:_CUT], was=edit.was, route=edit.route) for edit in edits],
        default_outcome=routing_rows.default_of(form.rows),
    )


def _set_hooks(form: StageForm, stage: int, *, follow: bool = False) -> SetHooks:
    renames = _renames(form.rows) if follow else {}
    entry, leave = (blocks_of(form.hooks, moment, renames) for moment in hook_rows.MOMENTS)
    return SetHooks(do="set_hooks", stage=stage, version=0, entry=entry, exit=leave)


def _renames(rows: Sequence[routing_rows.Row]) -> dict[str, str]:
    labels = {row["name"] for row in rows}
    return {row["key"]: row["name"] for row in rows if row["key"] and row["key"] not in labels}


# Problems and differences


def put_errors(
    form: StageForm, details: Sequence[Detail], position: int, message: str, changed: Collection[str]
) -> dict[str, str]:
    """Put the problems at their rows; returns those of the stage's own fields, and `form` about the whole."""
    place = path_text(("stages", position))
    errors, rest = stage_main.put_errors(details, place)
    if "hooks" in changed:
        rest = [each for each in rest if not put_error(form.hooks, each.path.removeprefix(f"{place}."), each)]
    if rest or not details:
        errors |= routing_rows.put_errors(form.rows, rest, place, message)
    return errors


def typed_problems(form: StageForm) -> bool:
    """Whether something was typed that no block can hold; it is told at its row."""
    return put_typed_errors(form.hooks)


def tabs_with_problems(form: StageForm, errors: dict[str, str]) -> list[str]:
    """The tabs in which something is told, in their order."""
    found = []
    if any(name in errors for name in stage_main.LABELS):
        found.append("main")
    if "default_outcome" in errors or any(row["errors"] for row in form.rows):
        found.append("routing")
    if any(row["errors"] or any(option["errors"] for option in row["options"]) for row in form.hooks):
        found.append("hooks")
    return found


def differences(yours: StageForm, theirs: StageForm, changed: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Label, yours and theirs of everything that was touched here and is stored otherwise."""
    for name, label in stage_main.LABELS.items():
        pair = yours.values[name], theirs.values[name]
        if name in changed and pair[0] != pair[1]:
            yield label, stage_main.words_of(name, pair[0]), stage_main.words_of(name, pair[1])
    if "outcomes" in changed:
        yield from _outcome_differences(yours.rows, theirs.rows)
    if "hooks" in changed:
        yield from _hook_differences(yours.hooks, theirs.hooks)


def _outcome_differences(yours: list[Json], theirs: list[Json]) -> Iterator[tuple[str, str, str]]:
    mine = {row["name"]: routing_rows.words_of(row) for row in yours}
    other = {row["name"]: routing_rows.words_of(row) for row in theirs}
    yield from _apart("Outcome", mine, other)
    default, stored = routing_rows.default_of(yours), routing_rows.default_of(theirs)
    if default != stored:
        yield "Default outcome", default or "None", stored or "None"


def _hook_differences(yours: list[Json], theirs: list[Json]) -> Iterator[tuple[str, str, str]]:
    for moment, label in zip(hook_rows.MOMENTS, ("Entry hook", "Exit hook"), strict=True):
        mine, other = (
            {str(place + 1): hook_words(block) for place, block in enumerate(blocks_of(rows, moment))}
            for rows in (yours, theirs)
        )
        yield from _apart(label, mine, other)


def _apart(noun: str, yours: dict[str, str], theirs: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*theirs, *yours)):
        if yours.get(name) != theirs.get(name):
            yield f"{noun} {name}", yours.get(name, "(not there)"), theirs.get(name, "(not there)")
