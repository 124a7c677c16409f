"""The Main tab of the stage drawer: a stage's own fields, from its block to the form and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from builder.pages.typed import number, text_in
from builder.spec import Mode, StageSpec
from projects.errors import Detail

Json = Any
Values = Mapping[str, str]
LABELS = {
    "name": "Name",
    "task": "Task",
    "mode": "Mode",
    "max_cycles": "Max cycles",
    "max_visits": "Loop guard (max visits)",
}
MODES = {
    Mode.PARALLEL: "All at the same time",
    Mode.SEQUENCE: "One after another",
    Mode.CONVERSATION: "Round table",
}


def stored_values(stage: StageSpec) -> dict[str, str]:
    """The fields as the form shows them."""
    return {
        "name": stage.name,
        "task": stage.task,
        "mode": stage.mode.value,
        "max_cycles": str(stage.max_cycles),
        "max_visits": str(stage.max_visits),
    }


def posted_values(form: QueryDict, stored: Values) -> dict[str, str]:
    """What was typed; what the form did not show stays as it is stored."""
    return {name: text_in(form, name, stored[name]) for name in LABELS}


def parts_of(values: Values) -> dict[str, str]:
    """The fields as parts that are touched or not, each by itself."""
    return {name: values[name] for name in LABELS}


def changes_of(values: Values, touched: Iterable[str]) -> dict[str, Json]:
    """The touched fields as the project file writes them."""
    numbers = ("max_cycles", "max_visits")
    return {name: number(values[name]) if name in numbers else values[name] for name in touched}


def mode_choices() -> list[dict[str, str]]:
    """The modes to choose from."""
    return [{"value": mode.value, "label": label} for mode, label in MODES.items()]


def words_of(name: str, value: str) -> str:
    """A field's value for those who compare two."""
    if name == "mode":
        return next((label for mode, label in MODES.items() if mode.value == value), value)
    return value or "(nothing)"


def put_errors(details: Sequence[Detail], stage: str) -> tuple[dict[str, str], list[Detail]]:
    """The problems of these fields, by field, and the problems that are of others."""
    errors: dict[str, str] = {}
    rest = []
    for detail in details:
        field = detail.path.removeprefix(f"{stage}.")
        if field in LABELS:
            errors.setdefault(field, detail.message)
        else:
            rest.append(detail)
    return errors, rest
