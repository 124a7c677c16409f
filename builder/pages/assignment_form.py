"""The form of the assignment drawer: from an assignment to its fields, and from the fields to what saving asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from builder.commands import MoveAssignment, UpdateAssignment
from builder.models import Assignment
from builder.pages.typed import number, number_text, text_in, whole
from projects.errors import Detail

Json = Any
Values = Mapping[str, Json]
LABELS = {
    "directive": "Directive",
    "capabilities": "Capabilities",
    "allowed_workflows": "Workflows it may trigger",
    "trigger_timeout": "Wait for a triggered workflow (seconds)",
    "workflow_tools": "Offer as separate tools",
    "share": "Names it shares",
    "attempts": "Attempts when a model call fails",
    "backoff": "First pause between attempts (seconds)",
    "max_backoff": "Longest pause between attempts (seconds)",
    "timeout": "Time limit of one model call (seconds)",
    "fallback_agent": "Fallback agent",
    "last_resort": "Last resort",
    "on_failure": "When it fails",
    "stage": "Stage",
    "order": "Order",
}
CAPABILITIES = {
    "trigger_workflows": "Trigger Workflows",
    "decide_outcome": "Decides outcome",
    "ask_people": "Asks people",
    "use_subagents": "Subagents",
}
FAILURES = {"fail": "The stage fails", "continue": "The others go on"}
_TEXTS = (
    "directive",
    "trigger_timeout",
    "share",
    "attempts",
    "backoff",
    "max_backoff",
    "timeout",
    "fallback_agent",
    "last_resort",
    "on_failure",
    "stage",
    "order",
)
_LISTS = ("capabilities", "allowed_workflows")
_NUMBERS = ("trigger_timeout", "timeout")
_RETRIES = ("attempts", "backoff", "max_backoff")
_PLACE = ("stage", "order")
_AT_THE_FIELD = LABELS.keys() - {"capabilities"}  # switches have no room for a problem


def stored_values(assignment: Assignment) -> dict[str, Json]:
    """What the form shows of a stored assignment."""
    fallback = assignment.fallback_agent
    return {
        "directive": assignment.directive,
        "capabilities": list(assignment.capabilities),
        "allowed_workflows": [allowed.workflow.name for allowed in assignment.allowed.select_related("workflow")],
        "trigger_timeout": number_text(assignment.trigger_timeout),
        "workflow_tools": assignment.workflow_tools,
        "share": "\n".join(assignment.share),
        "attempts": str(assignment.attempts),
        "backoff": number_text(assignment.backoff),
        "max_backoff": number_text(assignment.max_backoff),
        "timeout": number_text(assignment.timeout),
        "fallback_agent": fallback.name if fallback else "",
        "last_resort": assignment.last_resort or "",
        "on_failure": assignment.on_failure,
        "stage": str(assignment.stage_id),
        "order": str(assignment.position + 1),
    }


def posted_values(form: QueryDict, stored: Values) -> dict[str, Json]:
    """What was typed and ticked, as it will be shown again; a text that the form lacks is as it is stored."""
    return {
        **{name: text_in(form, name, stored[name]) for name in _TEXTS},
        **{name: _in_order(form.getlist(name), stored[name]) for name in _LISTS},
        "workflow_tools": "workflow_tools" in form,
    }


def _in_order(ticked: Sequence[str], stored: Sequence[str]) -> list[str]:
    """What is ticked, in the order that is stored: a form knows no order, and the same must stay the same."""
    return [*(name for name in stored if name in ticked), *(name for name in ticked if name not in stored)]


def merged(values: Values, stored: Values, changed: Collection[str]) -> dict[str, Json]:
    """What was typed where it was touched, and what is stored elsewhere."""
    return {name: values[name] if name in changed else stored[name] for name in LABELS}


def order_of(values: Values, assignment: Assignment, version: int, changed: Collection[str]) -> list[Any]:
    """The commands that save the touched fields."""
    commands: list[Any] = []
    changes = dict(_changes(values, changed))
    if changes:
        update = UpdateAssignment(do="update_assignment", assignment=assignment.pk, version=version, changes=changes)
        commands.append(update)
    if any(name in changed for name in _PLACE):
        commands.append(_move(values, assignment, changed))
    return commands


def _changes(values: Values, changed: Collection[str]) -> Iterator[tuple[str, Json]]:
    for name in changed:
        if name in _NUMBERS:
            yield name, number(values[name])
        elif name == "share":
            yield name, [line.strip() for line in values[name].splitlines() if line.strip()]
        elif name in ("fallback_agent", "last_resort"):
            yield name, values[name] or None
        elif name not in _RETRIES and name not in _PLACE:
            yield name, values[name]
    if any(name in changed for name in _RETRIES):
        yield "retries", {name: number(values[name]) for name in _RETRIES}


def _move(values: Values, assignment: Assignment, changed: Collection[str]) -> MoveAssignment:
    numbers = QueryDict(mutable=True)
    numbers.update({name: values[name] for name in _PLACE})
    stage, order = whole(numbers, "stage"), whole(numbers, "order")
    elsewhere = "stage" in changed and stage != assignment.stage_id
    place = 10_000 if elsewhere and "order" not in changed else min(max(order - 1, 0), 10_000)
    target = stage if elsewhere and stage > 0 else None
    return MoveAssignment(do="move_assignment", assignment=assignment.pk, to=place, stage=target)


def words_of(name: str, value: Json) -> str:
    """A field's value for those who compare two."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(CAPABILITIES.get(str(item)) or str(item) for item in value) or "(nothing)"
    text = str(value)
    return (FAILURES.get(text, text) if name == "on_failure" else text) or "(nothing)"


def errors_of(details: Sequence[Detail], path: str, message: str) -> dict[str, str]:
    """The problems at their fields; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        inside = detail.path.removeprefix(f"{path}.").removeprefix("retries.")
        field = inside.split(".")[0].split("[")[0]
        name = field if field in _AT_THE_FIELD else "form"
        errors[name] = f"{errors[name]}; {detail.message}" if name in errors else detail.message
    return errors or {"form": message}
