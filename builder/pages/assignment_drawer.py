"""The assignment drawer: its context, and what its form means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.models import Assignment, Workflow
from projects.errors import Detail

Json = Any
_LABELS = {
    "directive": "Directive",
    "capabilities": "Capabilities",
    "allowed_workflows": "Workflows it may trigger",
    "trigger_timeout": "Wait for a triggered workflow (seconds)",
    "timeout": "Time limit of one model call (seconds)",
    "attempts": "Attempts when a model call fails",
    "share": "Names it shares",
}


def stored_values(assignment: Assignment) -> dict[str, Json]:
    """What the form shows of a stored assignment."""
    return {
        "directive": assignment.directive,
        "capabilities": list(assignment.capabilities),
        "allowed_workflows": [allowed.workflow.name for allowed in assignment.allowed.select_related("workflow")],
        "trigger_timeout": f"{assignment.trigger_timeout:g}",
        "timeout": f"{assignment.timeout:g}",
        "attempts": str(assignment.attempts),
        "share": "\n".join(assignment.share),
    }


def posted_values(form: QueryDict) -> dict[str, Json]:
    """What was typed and ticked, as it will be shown again."""
    texts = {name: form.get(name, "") for name in ("directive", "trigger_timeout", "timeout", "attempts", "share")}
    texts["directive"] = texts["directive"].replace("\r\n", "\n")
    lists = {name: form.getlist(name) for name in ("capabilities", "allowed_workflows")}
    return {**texts, **lists}


def changes_of(values: Mapping[str, Json], assignment: Assignment) -> dict[str, Json]:
    """The fields of the assignment's block that the form holds."""
    return {
        "directive": values["directive"],
        "capabilities": values["capabilities"],
        "allowed_workflows": values["allowed_workflows"],
        "trigger_timeout": _number(values["trigger_timeout"]),
        "timeout": _number(values["timeout"]),
        "retries": {
            "attempts": _number(values["attempts"]),
            "backoff": assignment.backoff,
            "max_backoff": assignment.max_backoff,
        },
        "share": [line.strip() for line in values["share"].splitlines() if line.strip()],
    }


def _number(text: str) -> Json:
    """The number that was typed; what is none stays a text, for the validation to name."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def drawer(
    assignment: Assignment,
    *,
    can_edit: bool,
    values: Mapping[str, Json] | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The context of builder/_assignment_drawer.html."""
    agent, stage = assignment.agent, assignment.stage
    names = Workflow.objects.filter(project=stage.workflow.project_id, archived_at=None).order_by("name")
    address = reverse("assignment-drawer", args=[assignment.pk])
    return {
        "key": f"assignment:{assignment.pk}",
        "save_url": address,
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
        "values": values or stored_values(assignment),
        "workflows": list(names.values_list("name", flat=True)),
        "errors": errors or {},
        "conflict": conflict,
        "show_more": True,
    }


def conflict_of(assignment: Assignment, values: Mapping[str, Json]) -> dict[str, Json]:
    """Yours and theirs, field by field, after somebody else has saved."""
    stored = stored_values(assignment)
    fields = [
        {"label": label, "yours": _text(values[name]), "theirs": _text(stored[name])}
        for name, label in _LABELS.items()
        if values[name] != stored[name]
    ]
    workflow = assignment.stage.workflow
    return {
        "by": "Somebody else",
        "at": workflow.updated_at,
        "version": assignment.version,
        "fields": fields,
        "reload_url": reverse("assignment-drawer", args=[assignment.pk]),
    }


def _text(value: Json) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def errors_of(details: list[Detail], path: str, message: str) -> dict[str, str]:
    """The problems at their fields; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        field = detail.path.removeprefix(f"{path}.").split(".")[-1 if ".retries." in detail.path else 0].split("[")[0]
        name = field if field in _LABELS else "form"
        errors[name] = f"{errors[name]}; {detail.message}" if name in errors else detail.message
    return errors or {"form": message}
