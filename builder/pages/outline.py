"""A workflow as a readable outline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from builder.history import last_number, turnable
from builder.models import Edit, Stage, Workflow
from builder.pages.graph import Graph, graph_of
from builder.pages.live import live
from builder.pages.problems import Problems
from builder.pages.typed import duration
from builder.spec import END, ApprovalHook, AssignmentSpec, Deadline, Hook, Mode, StageSpec, WorkflowRoute, WorkflowSpec
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
    graph, page = graph_of(workflow), frame(caller, workflow, "Stages")
    return {
        **page,
        "stages": [card(graph, position, can_edit=page["can_edit"]) for position in range(len(graph.stage_ids))],
        **shell(caller, graph),
        "live": live(workflow, "outline"),
    }


def frame(caller: Caller, workflow: Workflow, current: str) -> dict[str, Json]:
    """What the pages of the builder share: where they are, and what the caller may do; `current` is the page's tab."""
    role = role_of(caller, workflow.project)
    return {
        "project": {"name": workflow.project.name, "url": reverse("project", args=[workflow.project.slug])},
        "tabs": tabs(workflow, current),
        "can_edit": role is not None and role >= Role.EDITOR,
        "can_run": role is not None and role >= Role.OPERATOR and workflow.archived_at is None,
        "run_dialog_url": reverse("run-dialog", args=[workflow.pk]),
    }


def shell(
    caller: Caller, graph: Graph, newest: Edit | None = None, problems_mark: str | None = None
) -> dict[str, Json]:
    """What stands around the stages, on every page of the builder and after every edit: builder/_sync_shell.html.

    `newest` is the newest edit, where the caller knows it; `problems_mark` the mark of the problems that the page lists
    already.
    """
    workflow = graph.workflow
    problems = Problems(graph)
    same_problems = problems_mark == problems.mark
    can_undo, can_redo = turnable(workflow, caller.user, newest)
    return {
        "workflow": {
            "id": workflow.pk,
            "name": workflow.name,
            "description": workflow.description,
            "revision": workflow.revision,
            "archived": workflow.archived_at is not None,
        },
        "commands_url": reverse("workflow-commands", args=[workflow.pk]),
        "agents": graph.agent_names,
        "seq": last_number(workflow.pk) if newest is None else newest.number,
        "can_undo": can_undo,
        "can_redo": can_redo,
        "problems": [] if same_problems else problems.listed(),
        "same_problems": same_problems,
        "problems_mark": problems.mark,
    }


def tabs(workflow: Workflow, current: str) -> list[dict[str, Json]]:
    """The pages of a workflow; `current` is the label of the one that is shown."""
    pages = {
        "Visual": reverse("workflow", args=[workflow.pk]),
        "Stages": reverse("workflow-outline", args=[workflow.pk]),
        "Runs": reverse("workflow-runs", args=[workflow.pk]),
        "History": reverse("workflow-history", args=[workflow.pk]),
    }
    return [{"label": label, "url": url, "current": label == current} for label, url in pages.items()]


# Stages


def card(graph: Graph, position: int, *, can_edit: bool) -> dict[str, Json]:
    """One stage of the outline, as builder/_stage_card.html shows it."""
    ids = graph.assignment_ids[position]
    return _card(graph.spec, position, graph.stage_ids[position], ids, graph.targets, can_edit=can_edit)


def stage_card(stage: Stage, spec: WorkflowSpec, targets: dict[str, int], *, can_edit: bool) -> dict[str, Json]:
    """The same of a stage whose assignments are at hand. `targets`: ids of workflows by name."""
    ids = [assignment.pk for assignment in stage.assignments.all()]
    return _card(spec, stage.position, stage.pk, ids, targets, can_edit=can_edit)


def _card(
    spec: WorkflowSpec, position: int, stage_id: int, ids: Sequence[int], targets: dict[str, int], *, can_edit: bool
) -> dict[str, Json]:
    block = spec.stages[position]
    address = reverse("stage-drawer", args=[stage_id])
    return {
        "id": stage_id,
        "number": position + 1,
        "position": position,
        "name": block.name,
        "task": block.task,
        "mode": block.mode.value,
        "mode_label": _MODES[block.mode],
        "is_first": position == 0,
        "is_last": position + 1 == len(spec.stages),
        "max_cycles": block.max_cycles,
        "max_visits": block.max_visits,
        "drawer_url": address,
        "routing_url": f"{address}?tab=routing",
        "assignments": [
            assignment_chip(pk, number, assignment)
            for number, (pk, assignment) in enumerate(zip(ids, block.assignments, strict=True), start=1)
        ],
        "entry_hooks": [_hook(hook) for hook in block.entry_hooks],
        "exit_hooks": [_hook(hook) for hook in block.exit_hooks],
        "outcomes": [
            {
                "label": label,
                "is_default": label == block.default_outcome,
                "route": route_words(block, label, spec, position, targets),
            }
            for label in block.outcomes
        ],
        "can_edit": can_edit,
    }


def assignment_chip(pk: int, number: int, assignment: AssignmentSpec) -> dict[str, Json]:
    """One assignment, as components/_assignment_chip.html shows it; numbers begin at 1."""
    return {
        "id": pk,
        "number": number,
        "agent": assignment.agent,
        "capabilities": [capability.value for capability in assignment.capabilities],
        "drawer_url": reverse("assignment-drawer", args=[pk]),
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
