"""The assignment drawer: its context, and its conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from agents.queries import agents_of
from builder.errors import EditedMeanwhile
from builder.models import Assignment, Stage, Workflow
from builder.pages.assignment_form import FAILURES, LABELS, Values, merged, stored_values, words_of
from builder.pages.conflict import panel
from builder.pages.touched import marks_of, touched

Json = Any
TEMPLATE = "builder/_assignment_drawer.html"
_MORE = ("timeout", "attempts", "backoff", "max_backoff", "share", "fallback_agent", "last_resort", "on_failure")


def drawer(
    assignment: Assignment,
    *,
    can_edit: bool,
    values: Values | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Json]:
    """The context of builder/_assignment_drawer.html. `values` are what was typed, where that was not stored; `marks`
    and `version` what it was made from."""
    agent, stage = assignment.agent, assignment.stage
    stored = stored_values(assignment)
    shown = values or stored
    told = errors or {}
    return {
        "key": f"assignment:{assignment.pk}",
        "save_url": reverse("assignment-drawer", args=[assignment.pk]),
        "agent_url": reverse("agent-drawer", args=[agent.pk]),
        "workflow_id": stage.workflow_id,
        "can_edit": can_edit,
        "version": assignment.version if version is None else version,
        "marks": marks_of(stored) if marks is None else marks,
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
        "agents": [
            {"value": name, "label": name}
            for name in agents_of(stage.workflow.project_id).values_list("name", flat=True)
            if name != agent.name or name == shown["fallback_agent"]
        ],
        "failures": [{"value": value, "label": label} for value, label in FAILURES.items()],
        **_places(assignment),
        "errors": told,
        "more_open": any(name in told for name in _MORE),
        "conflict": conflict,
        "dirty": values is not None,
        "show_more": True,
    }


def _places(assignment: Assignment) -> dict[str, Json]:
    stages = Stage.objects.filter(workflow=assignment.stage.workflow_id).order_by("position")
    count = Assignment.objects.filter(stage=assignment.stage_id).count()
    return {
        "stages": [{"value": str(pk), "label": name} for pk, name in stages.values_list("pk", "name")],
        "orders": [{"value": str(number), "label": str(number)} for number in range(1, count + 1)],
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


def after_conflict(
    assignment: Assignment, typed: Values, marks: Mapping[str, str], error: EditedMeanwhile
) -> tuple[dict[str, Json], dict[str, Json]]:
    """The values that Keep mine saves, with what others did beside them, and the panel of yours and theirs."""
    stored = stored_values(assignment)
    changed = touched(typed, marks)
    values = merged(typed, stored, changed)
    names = _names_of_stages(assignment)

    def words(name: str, value: Json) -> str:
        return names.get(value) or str(value) if name == "stage" else words_of(name, value)

    fields = [
        (LABELS[name], words(name, values[name]), words(name, stored[name]))
        for name in LABELS
        if name in changed and values[name] != stored[name]
    ]
    theirs = [name for name in touched(stored, marks) if name not in changed]
    taken = [(LABELS[name], words_of(name, stored[name])) for name in theirs if name != "stage"]
    return values, panel(error, fields, reverse("assignment-drawer", args=[assignment.pk]), taken)


def _names_of_stages(assignment: Assignment) -> dict[str, str]:
    rows = Stage.objects.filter(workflow=assignment.stage.workflow_id)
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}
