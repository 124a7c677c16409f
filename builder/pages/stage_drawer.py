"""The stage drawer: its context, and its conflicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.urls import reverse

from agents.queries import agents_of
from builder.checks import known_starts
from builder.errors import EditedMeanwhile
from builder.models import Stage, Workflow
from builder.pages import stage_main
from builder.pages.assignment_drawer import workflow_choices
from builder.pages.chains import route_warning
from builder.pages.conflict import panel
from builder.pages.hook_blocks import KINDS
from builder.pages.hook_fields import with_fields
from builder.pages.hook_rows import MOMENTS, MOST_HOOKS
from builder.pages.outline import stage_card
from builder.pages.routing_rows import MOST_ROWS, Row
from builder.pages.stage_form import (
    StageForm,
    differences,
    merged,
    part_label,
    part_words,
    stored_form,
    tabs_with_problems,
    touched_parts,
)
from builder.pages.touched import marks_of
from builder.reading import read_workflow, with_parts, workflow_spec
from builder.spec import MAX_ASSIGNMENTS

Json = Any
TEMPLATE = "builder/_stage_drawer.html"
_TABS = {"main": "Main", "assignments": "Assignments", "routing": "Outcome routing", "hooks": "Hooks"}
_MOMENT_WORDS = {
    "entry": ("On entry", "Run in order before the agents start."),
    "exit": ("On exit", "Run in order when the agents are done."),
}


def drawer(
    stage: Stage,
    *,
    can_edit: bool,
    tab: str,
    form: StageForm | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Json]:
    """The context of builder/_stage_drawer.html. `form` is what was typed, not stored yet; `marks` and `version` what
    it was made from."""
    workflow = with_parts(Workflow.objects.select_related("project")).get(pk=stage.workflow_id)
    spec = workflow_spec(workflow)
    block = spec.stages[stage.position]
    held = next(row for row in workflow.stages.all() if row.pk == stage.pk)
    stored = stored_form(block)
    shown = form or stored
    warn(shown.rows, workflow)
    told = dict(errors or {})
    wrong = tabs_with_problems(shown, told)
    return {
        "key": f"stage:{stage.pk}",
        "save_url": reverse("stage-drawer", args=[stage.pk]),
        "can_edit": can_edit,
        "version": stage.version if version is None else version,
        "marks": marks_of(stored.parts()) if marks is None else marks,
        "tabs": _tabs(tab if not wrong or tab in wrong else wrong[0], wrong),
        "tab": tab if not wrong or tab in wrong else wrong[0],
        "stage": stage_card(held, spec, {}, can_edit=can_edit),
        "values": shown.values,
        "fields": _main_fields(shown.values, told),
        "mode_choices": stage_main.mode_choices(),
        "agents": agent_choices(workflow.project_id),
        "can_assign": can_edit and len(block.assignments) < MAX_ASSIGNMENTS,
        **routing(shown.rows, workflow, [other.name for other in spec.stages]),
        "can_add": can_edit and len(shown.rows) < MOST_ROWS,
        "hook_count": len(shown.hooks),
        "moments": _moments(shown, workflow.project_id),
        "hook_kinds": [{"value": kind, "label": label} for kind, label in KINDS.items()],
        "errors": told,
        "conflict": conflict,
        "dirty": form is not None,
    }


def routing(rows: Sequence[Row], workflow: Workflow, stages: Sequence[str]) -> dict[str, Json]:
    """What rows of outcomes can choose from."""
    return {
        "rows": rows,
        "stage_choices": [{"value": name, "label": name} for name in stages],
        "workflow_choices": workflow_choices(workflow.project_id, [row["workflow"] for row in rows]),
    }


def agent_choices(project_id: int) -> list[dict[str, str]]:
    """The agents of the project to choose from."""
    return [{"value": agent.name, "label": agent.name} for agent in agents_of(project_id)]


def warn(rows: Sequence[Row], workflow: Workflow) -> None:
    """Say at the row what a run would refuse."""
    routed = [row for row in rows if row["goes_to"] == "workflow" and row["workflow"]]
    starts = known_starts(workflow.project) if routed else {}
    for row in routed:
        row["warning"] = route_warning(workflow.name, row["workflow"], starts)


def _tabs(current: str, wrong: Collection[str]) -> list[dict[str, Json]]:
    chosen = current if current in _TABS else "main"
    return [
        {"key": key, "label": label, "current": key == chosen, "wrong": key in wrong} for key, label in _TABS.items()
    ]


def _main_fields(values: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Json]:
    shapes: dict[str, dict[str, Json]] = {
        "name": {"required": True},
        "task": {
            "kind": "textarea",
            "rows": 5,
            "placeholder": "What should be true when this stage is finished?",
        },
        "max_cycles": {
            "kind": "integer",
            "min": 1,
            "max": 1_000,
            "required": True,
            "help": "Each cycle gives every agent one turn. The stage ends when all are done, or here.",
        },
        "max_visits": {
            "kind": "integer",
            "min": 1,
            "max": 1_000,
            "required": True,
            "help": "A route that comes back more often in one run goes on to the next stage instead.",
        },
    }
    return {
        name: {
            **shape,
            "id": f"stage-{name}",
            "name": name,
            "label": stage_main.LABELS[name],
            "value": values[name],
            "error": errors.get(name, ""),
        }
        for name, shape in shapes.items()
    }


def _moments(form: StageForm, project_id: int) -> list[dict[str, Json]]:
    labels = [row["name"] for row in form.rows if row["name"]]
    outcomes = [{"value": label, "label": label} for label in dict.fromkeys(labels)]
    workflows = workflow_choices(project_id, [row["workflow"] for row in form.hooks])
    moments = []
    for moment in MOMENTS:
        rows = [with_fields(row, outcomes, workflows) for row in form.hooks if row["moment"] == moment]
        label, words = _MOMENT_WORDS[moment]
        moments.append({"key": moment, "label": label, "help": words, "rows": rows, "can_add": len(rows) < MOST_HOOKS})
    return moments


def after_conflict(
    stage: Stage, typed: StageForm, marks: Mapping[str, str], error: EditedMeanwhile, tab: str
) -> tuple[StageForm, dict[str, Json]]:
    """The form that Keep mine saves, with what others did beside it, and the panel of yours and theirs."""
    stored = stored_form(read_workflow(stage.workflow_id).stages[stage.position])
    changed = touched_parts(typed, marks)
    form = merged(typed, stored, changed)
    theirs = [name for name in touched_parts(stored, marks) if name not in changed]
    taken = [(part_label(name), part_words(stored, name)) for name in theirs]
    address = f"{reverse('stage-drawer', args=[stage.pk])}?tab={tab}"
    return form, panel(error, list(differences(form, stored, changed)), address, taken)
