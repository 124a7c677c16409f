"""The drawer of a workflow's own settings: its form, and its conflicts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from builder.commands import UpdateWorkflow
from builder.errors import EditedMeanwhile
from builder.models import Workflow
from builder.pages.conflict import panel
from builder.pages.touched import marks_of, touched
from builder.pages.typed import text_in
from builder.used_by import Use, may_trigger_any, uses_of
from projects.errors import BatonError, Detail
from projects.jsontext import parse_json

Json = Any
Values = Mapping[str, str]
TEMPLATE = "builder/_workflow_drawer.html"
LABELS = {
    "name": "Name",
    "description": "Description",
    "input_schema": "Input schema",
    "output_schema": "Output schema",
}
_SCHEMAS = ("input_schema", "output_schema")
_MOST_NAMED = 5
_SHAPES: dict[str, dict[str, Json]] = {
    "name": {"required": True},
    "description": {"kind": "textarea", "rows": 3, "help": "Agents that may trigger this workflow read it too."},
    "input_schema": {
        "kind": "json",
        "rows": 8,
        "help": "JSON Schema (2020-12). Input that does not fit is refused; the Run dialog asks for its fields.",
    },
    "output_schema": {
        "kind": "json",
        "rows": 6,
        "help": "JSON Schema (2020-12). A result that does not fit fails the run.",
    },
}


def stored_values(workflow: Workflow) -> dict[str, str]:
    """The fields as the form shows them."""
    schemas = {name: getattr(workflow, name) for name in _SCHEMAS}
    return {
        "name": workflow.name,
        "description": workflow.description,
        **{
            name: "" if schema is None else json.dumps(schema, indent=2, ensure_ascii=False)
            for name, schema in schemas.items()
        },
    }


def posted_values(form: QueryDict, stored: Values) -> dict[str, str]:
    """What was typed."""
    return {name: text_in(form, name, stored[name]) for name in LABELS}


def command(values: Values, changed: Collection[str], version: int) -> tuple[UpdateWorkflow, dict[str, str]]:
    """The command that saves the touched fields, and why a schema is no JSON, by field."""
    changes: dict[str, Json] = {}
    errors: dict[str, str] = {}
    for name in changed:
        changes[name] = values[name]
        if name in _SCHEMAS:
            try:
                changes[name] = parse_json(values[name]) if values[name].strip() else None
            except BatonError as error:
                errors[name] = error.details[0].message if error.details else error.message
    return UpdateWorkflow(do="update_workflow", version=version, changes=changes), errors


def drawer(
    workflow: Workflow,
    *,
    can_edit: bool,
    values: Values | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Json]:
    """The context of builder/_workflow_drawer.html; `values` are what was typed, not stored yet."""
    stored = stored_values(workflow)
    shown, told = values or stored, errors or {}
    return {
        "key": f"workflow:{workflow.pk}",
        "save_url": reverse("workflow-drawer", args=[workflow.pk]),
        "can_edit": can_edit,
        "version": workflow.version if version is None else version,
        "marks": marks_of(stored) if marks is None else marks,
        "title": workflow.name,
        "fields": [
            {
                **shape,
                "id": f"workflow-{name}",
                "name": name,
                "label": LABELS[name],
                "value": shown[name],
                "error": told.get(name, ""),
            }
            for name, shape in _SHAPES.items()
        ],
        "errors": told,
        "conflict": conflict,
        "dirty": values is not None,
        "archived": workflow.archived_at is not None,
        "archive_url": reverse("workflow-archive", args=[workflow.pk]),
        "delete_url": reverse("workflow-delete", args=[workflow.pk]),
        **_uses(workflow),
    }


def _uses(workflow: Workflow) -> dict[str, Json]:
    """The context of builder/_used_by.html, and what is asked before the workflow is deleted."""
    used = uses_of(workflow)
    others = [use for use in used if use.workflow_id != workflow.pk]
    return {
        "used": [
            {
                "workflow": use.workflow,
                "stage": use.stage,
                "how": use.how,
                "url": f"{reverse('workflow', args=[use.workflow_id])}?{urlencode({'drawer': use.key})}",
            }
            for use in used
        ],
        "any": may_trigger_any(workflow),
        "before_delete": _before_delete(others),
    }


def _before_delete(others: Sequence[Use]) -> str:
    """Whom a deletion touches, in words."""
    names = list(dict.fromkeys(use.workflow for use in others))
    if not names:
        return "No other workflow names it. Its runs stay. This cannot be undone."
    told = ", ".join(names[:_MOST_NAMED]) + (
        f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    )
    return (
        f"It is named by {told}: their outcomes will go to the next stage instead, hooks that start it are taken out, "
        "and their agents can no longer trigger it. Its runs stay. This cannot be undone."
    )


def errors_of(details: Sequence[Detail], message: str) -> dict[str, str]:
    """The problems at their fields; what belongs to none is told about the whole."""
    errors: dict[str, str] = {}
    for detail in details:
        field, _, inside = detail.path.partition(".")
        field = field.split("[")[0]
        name = field if field in LABELS else "form"
        told = f"{inside}: {detail.message}" if inside and name != "form" else detail.message
        errors[name] = f"{errors[name]}; {told}" if name in errors else told
    return errors or {"form": message}


def after_conflict(
    workflow: Workflow, typed: Values, marks: Mapping[str, str], error: EditedMeanwhile
) -> tuple[dict[str, str], dict[str, Json]]:
    """The values that Keep mine saves, with what others did beside them, and the panel of yours and theirs."""
    stored = stored_values(workflow)
    changed = touched(typed, marks)
    values = {name: typed[name] if name in changed else stored[name] for name in LABELS}
    fields = [
        (label, values[name] or "(nothing)", stored[name] or "(nothing)")
        for name, label in LABELS.items()
        if values[name] != stored[name]
    ]
    taken = [(LABELS[name], stored[name]) for name in touched(stored, marks) if name not in changed]
    return values, panel(error, fields, reverse("workflow-drawer", args=[workflow.pk]), taken)
