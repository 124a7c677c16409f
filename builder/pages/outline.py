"""A workflow as a readable outline."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from builder.checks import check_stored
from builder.models import Assignment, Stage, Workflow
from builder.pages.typed import duration
from builder.reading import with_parts, workflow_spec
from builder.spec import END, ApprovalHook, Deadline, Hook, Mode, StageSpec, WorkflowRoute, WorkflowSpec
from projects.access import Caller, Role, role_of

Json = Any
_MODES = {
    Mode.PARALLEL: "All at the same time",
    Mode.SEQUENCE: "One after another",
    Mode.CONVERSATION: "Round table",
}
_CHANNELS = {"inbox": "the inbox", "telegram": "Telegram", "slack": "Slack", "email": "e-mail"}


def outline_page(caller: Caller, workflow: Workflow) -> dict[str, Json]:
    """The context of builder/outline.html."""
    role = role_of(caller, workflow.project)
    can_edit = role is not None and role >= Role.EDITOR
    can_run = role is not None and role >= Role.OPERATOR and workflow.archived_at is None
    return {
        "project": {"name": workflow.project.name, "url": reverse("project", args=[workflow.project.slug])},
        "tabs": _tabs(workflow),
        "can_edit": can_edit,
        "can_run": can_run,
        "run_dialog_url": reverse("run-dialog", args=[workflow.pk]),
        "add_stage_url": "",
        **_definition(workflow, can_edit=can_edit),
    }


def saved_part(stage: Stage) -> dict[str, Json]:
    """What a saved drawer changes on the page: the card of its stage, the revision, the things to look at."""
    workflow = Workflow.objects.select_related("project").get(pk=stage.workflow_id)
    shown = _definition(workflow, can_edit=True)
    card = next(card for card in shown["stages"] if card["id"] == stage.pk)
    return {"workflow": shown["workflow"], "problems": shown["problems"], "stage": card, "can_edit": True}


def _definition(workflow: Workflow, *, can_edit: bool) -> dict[str, Json]:
    held = with_parts(Workflow.objects.select_related("project")).get(pk=workflow.pk)
    spec = workflow_spec(held)
    targets = dict(Workflow.objects.filter(project=held.project_id).values_list("name", "pk"))
    return {
        "workflow": {
            "name": held.name,
            "description": held.description,
            "revision": held.revision,
            "archived": held.archived_at is not None,
        },
        "stages": [stage_card(stage, spec, targets, can_edit=can_edit) for stage in held.stages.all()],
        "problems": _problems(held, spec),
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
    """One stage of the outline, as builder/_stage_card.html shows it. `targets`: ids of workflows by name."""
    block = spec.stages[stage.position]
    address = reverse("stage-drawer", args=[stage.pk])
    return {
        "id": stage.pk,
        "number": stage.position + 1,
        "name": block.name,
        "task": block.task,
        "mode": block.mode.value,
        "mode_label": _MODES[block.mode],
        "is_last": stage.position + 1 == len(spec.stages),
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
    return {
        "kind": hook.kind,
        "name": hook.name,
        "message": hook.message,
        "options": [{"label": label, "outcome": outcome} for label, outcome in hook.options.items()],
        "channels": [_CHANNELS[channel] for channel in hook.channels],
        "deadline": _deadline(hook.deadline),
    }


def _deadline(deadline: Deadline | None) -> str:
    if deadline is None:
        return ""
    then = f"it means {deadline.outcome}" if deadline.outcome else "nothing is decided"
    return f"without an answer within {duration(deadline.after)}, {then}"
