"""The fields of each kind of hook, as components/_field.html shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Any
Row = dict[str, Json]
Field = dict[str, Json]
Choices = Sequence[Mapping[str, str]]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_EFFECTS = (
    ("keyed", "It knows our key: sending it twice does nothing twice"),
    ("pure", "It changes nothing: it may be sent again"),
    ("unkeyed", "Never send it again"),
)
CHANNELS = (("inbox", "The inbox (always)"), ("telegram", "Telegram"), ("slack", "Slack"), ("email", "E-mail"))
OPS = (
    ("", "Always"),
    ("eq", "Only when a value is equal to"),
    ("ne", "Only when a value is not equal to"),
    ("lt", "Only when a value is less than"),
    ("gt", "Only when a value is greater than"),
    ("contains", "Only when a value contains"),
    ("exists", "Only when there is a value"),
)
_YEAR = 31_536_000
_SHAPES: dict[str, Field] = {
    "name": {"label": "Name", "help": "What people read in the inbox and in the run."},
    "output_key": {
        "label": "Output key",
        "help": "Keeps the result for later stages, as hooks.KEY.",
        "mono": True,
    },
    "message": {"label": "Message", "kind": "textarea", "rows": 3, "required": True, "short": True},
    "deadline_after": {"label": "Answer within (seconds)", "kind": "number", "min": 1, "max": _YEAR},
    "deadline_outcome": {"label": "Outcome when the time is up", "kind": "select", "required": True},
    "reminders": {
        "label": "Reminders after (seconds)",
        "help": "One or more numbers, with commas between them.",
    },
    "approvers": {
        "label": "Who may answer",
        "help": "User names or roles, with commas between them. Nobody named: any member who may operate.",
    },
    "quorum": {"label": "How many must agree", "kind": "integer", "min": 1, "max": 100, "required": True},
    "starter_may_answer": {"label": "The starter may answer", "kind": "checkbox"},
    "method": {"label": "Method", "kind": "select", "required": True},
    "url": {"label": "Address", "help": "Begins with http:// or https://.", "required": True, "kind": "url"},
    "headers": {"label": "Headers", "kind": "textarea", "rows": 2, "short": True, "help": "One a line: Name: value."},
    "body": {"label": "Body", "kind": "json", "rows": 3, "short": True, "help": "JSON, or text."},
    "timeout": {"label": "Time limit (seconds)", "kind": "number", "min": 1, "max": 86_400, "required": True},
    "effect": {"label": "When the answer is lost", "kind": "select", "required": True},
    "to": {"label": "To", "help": "A person, a channel or an address."},
    "seconds": {"label": "Wait for (seconds)", "kind": "number", "min": 1, "max": _YEAR},
    "until": {"label": "Or until", "help": "A date with its offset, such as 2027-01-31T09:00:00+01:00.", "mono": True},
    "type": {"label": "Type of the event", "required": True, "mono": True},
    "workflow": {"label": "Workflow", "kind": "select", "required": True},
    "input": {"label": "Input", "kind": "textarea", "rows": 2, "short": True, "help": "Text or a JSON object."},
    "required": {"label": "The stage fails when this fails", "kind": "checkbox"},
}  # fmt: skip
_FIRST = {
    "approval": ("name", "message"),
    "http": ("name", "method", "url", "headers", "body"),
    "telegram": ("name", "to", "message"),
    "slack": ("name", "to", "message"),
    "email": ("name", "to", "message"),
    "wait": ("name", "seconds", "until"),
    "event": ("name", "type", "deadline_after", "deadline_outcome"),
    "workflow": ("name", "workflow", "input"),
}
_LAST = {
    "approval": (
        "deadline_after",
        "deadline_outcome",
        "reminders",
        "approvers",
        "quorum",
        "starter_may_answer",
        "output_key",
    ),
    "http": ("timeout", "effect", "output_key", "required"),
}
_OPTIONAL = ("output_key", "required")


def with_fields(row: Row, outcomes: Choices, workflows: Choices) -> Row:
    """The row with the fields of its kind: `first`, and after what is special to a kind `last`."""
    kind = row["kind"]
    last = _LAST.get(kind, _OPTIONAL)
    choices = _choices(row, outcomes, workflows)
    return {
        **row,
        "first_fields": [
            _field(row, name, choices) | {"autofocus": row["focus"] and name == "name"} for name in _FIRST[kind]
        ],
        "last_fields": [_field(row, name, choices) for name in last],
        "option_choices": choices["option"],
        "channel_choices": [
            {"value": value, "label": label, "chosen": value in row["channels"]} for value, label in CHANNELS
        ],
        "op_choices": [{"value": value, "label": label} for value, label in OPS],
        "when_fields": [_when(row, "when_path", "Which value", "Such as results.score or hooks.decision.option.")],
        "value_field": _when(row, "when_value", "Compared with", "JSON, or text."),
    }


def _field(row: Row, name: str, choices: Mapping[str, Choices]) -> Field:
    shape = _SHAPES[name]
    return {
        "kind": "text",
        **shape,
        "id": f"{row['prefix']}-{name}",
        "name": f"{row['prefix']}-{name}",
        "value": row[name],
        "error": row["errors"].get(name, ""),
        "options": choices.get(name, ()),
    }


def _when(row: Row, name: str, label: str, words: str) -> Field:
    place = f"{row['prefix']}-{name}"
    error = row["errors"].get(name, "")
    shape = {"kind": "text", "required": True, "mono": True, "label": label, "help": words}
    return {**shape, "id": place, "name": place, "value": row[name], "error": error}


def _choices(row: Row, outcomes: Choices, workflows: Choices) -> dict[str, Choices]:
    entry = row["moment"] == "entry"
    nothing = "Nothing is decided"
    return {
        "method": [{"value": method, "label": method} for method in _METHODS],
        "effect": [{"value": value, "label": label} for value, label in _EFFECTS],
        "workflow": [{"value": "", "label": "Choose a workflow"}, *workflows],
        "deadline_outcome": _kept([{"value": "", "label": nothing}, *outcomes], row["deadline_outcome"]),
        "option": _kept(
            [{"value": "", "label": "Stage start" if entry else "No outcome"}, *outcomes],
            *(option["outcome"] for option in row["options"]),
        ),
    }


def _kept(choices: Choices, *chosen: str) -> Choices:
    """The choices, and what is chosen that is none of them: it must not turn into another by being shown."""
    there = {choice["value"] for choice in choices}
    lost = dict.fromkeys(value for value in chosen if value not in there)
    return [*choices, *({"value": value, "label": f"{value} (not an outcome)"} for value in lost)]
