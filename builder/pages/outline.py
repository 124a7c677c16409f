"""A workflow as a readable outline."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from builder.checks import check_stored
from builder.models import Assignment, Stage, Workflow
from builder.reading import with_parts, workflow_spec
from builder.spec import END, ApprovalHook, Hook, StageSpec, WorkflowRoute, WorkflowSpec
from projects.access import Caller, Role, role_of

Json = Any


def outline_page(caller: Caller, workflow: Workflow) -> dict[str, Json]:
    """The context of builder/outline.html."""
    workflow = with_parts(Workflow.objects.filter(pk=workflow.pk)).select_related("project").get()
    spec = workflow_spec(workflow)
    role = role_of(caller, workflow.project)
    can_edit = role is not None and role >= Role.EDITOR
    can_run = role is not None and role >= Role.OPERATOR and workflow.archived_at is None
    targets = dict(Workflow.objects.filter(project=workflow.project_id).values_list("name", "pk"))
    return {
        "project": {"name": workflow.project.name, "url": reverse("project", args=[workflow.project.slug])},
        "workflow": shown_workflow(workflow),
        "tabs": _tabs(workflow),
        "stages": [
            stage_card(stage, spec, targets, can_edit=can_edit)
            for stage in sorted(workflow.stages.all(), key=lambda stage: stage.position)
        ],
        "problems": _problems(workflow, spec),
        "can_edit": can_edit,
        "can_run": can_run,
        "run_dialog_url": reverse("run-dialog", args=[workflow.pk]),
        "add_stage_url": "",
    }


def shown_workflow(workflow: Workflow) -> dict[str, Json]:
    """The workflow's own words."""
    return {
        "name": workflow.name,
        "description": workflow.description,
        "revision": workflow.revision,
        "archived": workflow.archived_at is not None,
    }


def _tabs(workflow: Workflow) -> list[dict[str, Json]]:
    return [
        {"label": "Outline", "url": reverse("workflow", args=[workflow.pk]), "current": True},
        {"label": "Runs", "url": reverse("workflow-runs", args=[workflow.pk]), "current": False},
    ]


def _problems(workflow: Workflow, spec: WorkflowSpec) -> list[dict[str, str]]:
    found = check_stored(workflow)
    return [{"message": item.message, "where": _where(item.path, spec)} for item in (*found.problems, *found.warnings)]


def _where(path: str, spec: WorkflowSpec) -> str:
    """The stage that a path such as `stages[1].routes.approve` lies in, by its name."""
    if not path.startswith("stages["):
        return ""
    return spec.stages[int(path[7 : path.index("]")])].name


# Stages


def stage_card(stage: Stage, spec: WorkflowSpec, targets: dict[str, int], *, can_edit: bool) -> dict[str, Json]:
    """One stage of the outline, as builder/_stage_card.html shows it."""
    block = spec.stages[stage.position]
    address = reverse("stage-drawer", args=[stage.pk])
    return {
        "id": stage.pk,
        "number": stage.position + 1,
        "name": block.name,
        "task": block.task,
        "mode": block.mode.value,
        "mode_label": _MODES[block.mode.value],
        "max_cycles": block.max_cycles,
        "max_visits": block.max_visits,
        "drawer_url": address,
        "routing_url": f"{address}?tab=routing",
        "assignments": [assignment_chip(assignment) for assignment in stage.assignments.all()],
        "entry_hooks": [_hook(hook) for hook in block.entry_hooks],
        "exit_hooks": [_hook(hook) for hook in block.exit_hooks],
        "outcomes": [
            {
                "label": label,
                "is_default": label == block.default_outcome,
                "route": route_words(block, label, spec, stage.position, targets),
            }
            for label in block.outcomes
        ],
        "can_edit": can_edit,
    }


_MODES = {"parallel": "All at the same time", "sequence": "One after another", "conversation": "Round table"}


def assignment_chip(assignment: Assignment) -> dict[str, Json]:
    """One assignment, as components/_assignment_chip.html shows it."""
    return {
        "id": assignment.pk,
        "number": assignment.position + 1,
        "agent": assignment.agent.name,
        "capabilities": assignment.capabilities,
        "drawer_url": reverse("assignment-drawer", args=[assignment.pk]),
    }


def route_words(
    stage: StageSpec, label: str, spec: WorkflowSpec, position: int, targets: dict[str, int]
) -> dict[str, Json]:
    """Where an outcome leads, as components/_route.html shows it."""
    route = stage.routes.get(label)
    if route is None:
        following = spec.stages[position + 1].name if position + 1 < len(spec.stages) else ""
        return {"kind": "next", "stage": following} if following else {"kind": "end"}
    if isinstance(route, WorkflowRoute):
        target = targets.get(route.workflow)
        return {
            "kind": "workflow",
            "workflow": route.workflow,
            "workflow_url": reverse("workflow", args=[target]) if target else "",
            "continue_at": "" if route.continue_at == END else route.continue_at,
        }
    if route.stage == END:
        return {"kind": "end"}
    place = next(index for index, other in enumerate(spec.stages) if other.name == route.stage)
    return {"kind": "stage", "stage": route.stage, "stage_number": place + 1, "loops": place <= position}


def _hook(hook: Hook) -> dict[str, Json]:
    if not isinstance(hook, ApprovalHook):
        return {"kind": hook.kind, "name": hook.name, "summary": "Not run by this version of Baton yet."}
    deadline = ""
    if hook.deadline is not None:
        deadline = f"after {hook.deadline.after:g} seconds: {hook.deadline.outcome or 'no outcome'}"
    return {
        "kind": hook.kind,
        "name": hook.name,
        "message": hook.message,
        "options": [{"label": label, "outcome": outcome} for label, outcome in hook.options.items()],
        "channels": list(hook.channels),
        "deadline": deadline,
    }
