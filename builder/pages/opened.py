"""The drawer that an address asks for: `?drawer=stage:12`, `outcome:12:approve`, `hook:7`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from agents.models import Agent
from builder.models import Assignment, Hook, Stage, Workflow
from builder.pages import (
    agent_drawer,
    assignment_drawer,
    hook_drawer,
    outcome_drawer,
    stage_drawer,
    workflow_drawer,
)
from projects.errors import NotFound

Json = Any
Drawer = tuple[str, dict[str, Json]]
_WANTED = re.compile(r"(stage|assignment|outcome|target|hook|agent|workflow):([1-9][0-9]{0,17})(?::(.{1,400}))?", re.S)


def opened(workflow: Workflow, wanted: str, *, can_edit: bool) -> Drawer | None:
    """The drawer's template and context; None where the workflow has no such part."""
    found = _WANTED.fullmatch(wanted)
    if found is None:
        return None
    kind, part_id, rest = found[1], int(found[2]), found[3]
    if (rest is not None) != (kind in ("outcome", "target")):
        return None
    try:
        return _OF[kind](workflow, part_id, rest or "", can_edit)
    except NotFound:
        return None


def _stage(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer | None:
    stage = _held(workflow, part_id)
    if stage is None:
        return None
    return stage_drawer.TEMPLATE, stage_drawer.drawer(stage, can_edit=can_edit, tab="main")


def _held(workflow: Workflow, stage_id: int) -> Stage | None:
    return Stage.objects.select_related("workflow__project").filter(workflow=workflow, pk=stage_id).first()


def _assignment(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer | None:
    rows = Assignment.objects.select_related("agent", "fallback_agent", "stage__workflow__project")
    found = rows.filter(stage__workflow=workflow, pk=part_id).first()
    if found is None:
        return None
    template = assignment_drawer.TEMPLATE
    return template, assignment_drawer.drawer(found, can_edit=can_edit)


def _outcome(workflow: Workflow, part_id: int, label: str, can_edit: bool) -> Drawer | None:
    stage = _held(workflow, part_id)
    if stage is None:
        return None
    context = outcome_drawer.drawer(stage, label, kind="outcome", can_edit=can_edit)
    return outcome_drawer.TEMPLATE, context


def _target(workflow: Workflow, part_id: int, label: str, can_edit: bool) -> Drawer | None:
    stage = _held(workflow, part_id)
    if stage is None:
        return None
    context = outcome_drawer.drawer(stage, label, kind="target", can_edit=can_edit)
    if context["row"]["goes_to"] != "workflow":
        return _outcome(workflow, part_id, label, can_edit)  # what is left of it
    return outcome_drawer.TARGET_TEMPLATE, context


def _hook(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer | None:
    rows = Hook.objects.select_related("stage__workflow__project")
    found = rows.filter(stage__workflow=workflow, pk=part_id).first()
    if found is None:
        return None
    return hook_drawer.TEMPLATE, hook_drawer.drawer(found, can_edit=can_edit)


def _agent(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer | None:
    found = Agent.objects.select_related("project").filter(project=workflow.project_id, pk=part_id).first()
    if found is None:
        return None
    return agent_drawer.TEMPLATE, agent_drawer.drawer(found, workflow, can_edit=can_edit)


def _workflow(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer | None:
    if part_id != workflow.pk:
        return None
    return workflow_drawer.TEMPLATE, workflow_drawer.drawer(workflow, can_edit=can_edit)


_OF: dict[str, Callable[[Workflow, int, str, bool], Drawer | None]] = {
    "stage": _stage,
    "assignment": _assignment,
    "outcome": _outcome,
    "target": _target,
    "hook": _hook,
    "agent": _agent,
    "workflow": _workflow,
}
