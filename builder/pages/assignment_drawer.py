"""The assignment drawer: its context, and what its form means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.models import Assignment, Workflow
from builder.pages.conflict import panel
from builder.pages.typed import lines, number, number_text
from projects.errors import Detail

Json = Any
Values = Mapping[str, Json]
TEMPLATE = "builder/_assignment_drawer.html"
_LABELS = {
    "directive": "Directive",
    "capabilities": "Capabilities",
    "allowed_workflows": "Workflows it may trigger",
    "trigger_timeout": "Wait for a triggered workflow (seconds)",
    "timeout": "Time limit of one model call (seconds)",
    "attempts": "Attempts when a model call fails",
    "share": "Names it shares",
}
_AT_THE_FIELD = _LABELS.keys() - {"capabilities"}  # switches have no room for a problem


def stored_values(assignment: Assignment) -> dict[str, Json]:
    """What the form shows of a stored assignment."""
    return {
        "directive": assignment.directive,
        "capabilities": list(assignment.capabilities),
        "allowed_workflows": [allowed.workflow.name for allowed in assignment.allowed.select_related("workflow")],
        "trigger_timeout": number_text(assignment.trigger_timeout),
        "timeout": number_text(assignment.timeout),
        "attempts": str(assignment.attempts),
        "share": "\n".join(assignment.share),
    }


def posted_values(form: QueryDict) -> dict[str, Json]:
    """What was typed and ticked, as it will be shown again."""
    texts = ("directive", "trigger_timeout", "timeout", "attempts", "share")
    return {
        **{name: lines(form.get(name, "")) for name in texts},
        **{name: form.getlist(name) for name in ("capabilities", "allowed_workflows")},
    }


def changes_of(values: Values, assignment: Assignment) -> dict[str, Json]:
    """The fields of the assignment's block that the form holds."""
    stored = stored_values(assignment)
    return {
        "directive": values["directive"],
        "capabilities": _in_order(values["capabilities"], stored["capabilities"]),
        "allowed_workflows": _in_order(values["allowed_workflows"], stored["allowed_workflows"]),
        "trigger_timeout": number(values["trigger_timeout"]),
        "timeout": number(values["timeout"]),
        "retries": {
            "attempts": number(values["attempts"]),
            "backoff": assignment.backoff,
            "max_backoff": assignment.max_backoff,
        },
        "share": [name.strip() for name in values["share"].splitlines() if name.strip()],
    }


def _in_order(ticked: Sequence[str], stored: Sequence[str]) -> list[str]:
    """What is ticked, in the order that is stored: a form knows no order, and the same must stay the same."""
    return [*(name for name in stored if name in ticked), *(name for name in ticked if name not in stored)]


def drawer(
    assignment: Assignment,
    *,
    can_edit: bool,
    values: Values | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The context of builder/_assignment_drawer.html; `values` are what was typed, where that was not stored."""
    agent, stage = assignment.agent, assignment.stage
    shown = values or stored_values(assignment)
    return {
        "key": f"assignment:{assignment.pk}",
        "save_url": reverse("assignment-drawer", args=[assignment.pk]),
        "can_edit": can_edit,
        "version": assignment.version,
        "assignment": {
            "number": assignment.position + 1,
            "agent": agent.name,
            "role": agent.role,
            "model": agent.model,
            "perspective": agent.perspective,
            "stage": stage.name,
        },
        "values": shown,
        "workflows": workflow_choices(stage.workflow.project_id, shown["allowed_workflows"]),
        "errors": errors or {},
        "conflict": conflict,
        "dirty": values is not None,
        "show_more": True,
    }


def workflow_choices(project_id: int, chosen: Iterable[str]) -> list[dict[str, str]]:
    """The workflows of the project to choose from: archived ones only where they are chosen already."""
    kept = set(chosen)
    rows = Workflow.objects.filter(project=project_id).order_by("name").values_list("name", "archived_at")
    return [
        {"value": name, "label": f"{name} (archived)" if archived else name}
        for name, archived in rows
        if not archived or name in kept
    ]


def conflict_of(assignment: Assignment, values: Values) -> dict[str, Json]:
    """Yours and theirs, field by field, after somebody else has saved."""
    stored = stored_values(assignment)
    fields = [
        (label, _text(values[name]), _text(stored[name]))
        for name, label in _LABELS.items()
        if values[name] != stored[name]
    ]
    address = reverse("assignment-drawer", args=[assignment.pk])
    return panel(assignment.version, assignment.stage.workflow.updated_at, fields, address)


_CAPABILITIES: dict[str, str] = {
    "trigger_workflows": "Trigger Workflows",
    "decide_outcome": "Decides outcome",
    "ask_people": "Asks people",
    "use_subagents": "Subagents",
}


def _text(value: Json) -> str:
    text = ", ".join(_CAPABILITIES.get(item) or item for item in value) if isinstance(value, list) else str(value)
    return text or "(nothing)"


def errors_of(details: Sequence[Detail], path: str, message: str) -> dict[str, str]:
    """The problems at their fields; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        inside = detail.path.removeprefix(f"{path}.").removeprefix("retries.")
        field = inside.split(".")[0].split("[")[0]
        name = field if field in _AT_THE_FIELD else "form"
        errors[name] = f"{errors[name]}; {detail.message}" if name in errors else detail.message
    return errors or {"form": message}
