"""The stage drawer: its context, and its conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from builder.checks import known_starts
from builder.models import Stage, Workflow
from builder.pages.assignment_drawer import workflow_choices
from builder.pages.chains import route_warning
from builder.pages.conflict import panel
from builder.pages.outline import stage_card
from builder.pages.routing_rows import MOST_ROWS, Row, default_of, stored_rows, words_of
from builder.reading import read_workflow, with_parts, workflow_spec

Json = Any
TEMPLATE = "builder/_stage_drawer.html"
_TABS = ("main", "assignments", "routing")


def drawer(
    stage: Stage,
    *,
    can_edit: bool,
    tab: str,
    rows: Sequence[Row] | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The context of builder/_stage_drawer.html; `rows` are what was typed, not stored yet."""
    workflow = with_parts(Workflow.objects.select_related("project")).get(pk=stage.workflow_id)
    spec = workflow_spec(workflow)
    block = spec.stages[stage.position]
    held = next(row for row in workflow.stages.all() if row.pk == stage.pk)
    shown = stored_rows(block) if rows is None else list(rows)
    _warn(shown, workflow)
    return {
        "key": f"stage:{stage.pk}",
        "save_url": reverse("stage-drawer", args=[stage.pk]),
        "can_edit": can_edit,
        "version": stage.version,
        "tab": tab if tab in _TABS else "main",
        "stage": stage_card(held, spec, {}, can_edit=can_edit),
        "rows": shown,
        "can_add": can_edit and len(shown) < MOST_ROWS,
        "stage_choices": [{"value": other.name, "label": other.name} for other in spec.stages],
        "workflow_choices": workflow_choices(workflow.project_id, [row["workflow"] for row in shown]),
        "errors": errors or {},
        "conflict": conflict,
        "dirty": rows is not None,
    }


def _warn(rows: Sequence[Row], workflow: Workflow) -> None:
    """Say at the row what a run would refuse."""
    routed = [row for row in rows if row["goes_to"] == "workflow" and row["workflow"]]
    starts = known_starts(workflow.project) if routed else {}
    for row in routed:
        row["warning"] = route_warning(workflow.name, row["workflow"], starts)


def conflict_of(stage: Stage, rows: Sequence[Row]) -> dict[str, Json]:
    """Yours and theirs, outcome by outcome, after somebody else has saved."""
    block = read_workflow(stage.workflow_id).stages[stage.position]
    yours = {row["name"]: words_of(row) for row in rows}
    theirs = {row["name"]: words_of(row) for row in stored_rows(block)}
    fields = [
        (f"Outcome {name}", yours.get(name, "(not there)"), theirs.get(name, "(not there)"))
        for name in dict.fromkeys((*theirs, *yours))
        if yours.get(name) != theirs.get(name)
    ]
    default = default_of(rows)
    if default != block.default_outcome:
        fields.append(("Default outcome", default or "None", block.default_outcome or "None"))
    address = f"{reverse('stage-drawer', args=[stage.pk])}?tab=routing"
    return panel(stage.version, stage.workflow.updated_at, fields, address)
