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
Drawer = dict[str, Json]
_WANTED = re.compile(r"(stage|assignment|outcome|target|hook|agent|workflow):([1-9][0-9]{0,17})(?::(.{1,400}))?", re.S)


def opened(workflow: Workflow, wanted: str, *, can_edit: bool) -> Drawer:
    """The context of the drawer, and its `drawer_template`; nothing where the workflow has no such part."""
    found = _WANTED.fullmatch(wanted)
    if found is None:
        return {}
    kind, part_id, rest = found[1], int(found[2]), found[3]
    if (rest is not None) != (kind in ("outcome", "target")):
        return {}
    try:
        return _OF[kind](workflow, part_id, rest or "", can_edit)
    except NotFound:
        return {}


def _stage(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer:
    stage = _held(workflow, part_id)
    if stage is None:
        return {}
    return {"drawer_template": stage_drawer.TEMPLATE, **stage_drawer.drawer(stage, can_edit=can_edit, tab="main")}


def _held(workflow: Workflow, stage_id: int) -> Stage | None:
    return Stage.objects.select_related("workflow__project").filter(workflow=workflow, pk=stage_id).first()


def _assignment(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer:
    rows = Assignment.objects.select_related("agent", "fallback_agent", "stage__workflow__project")
    found = rows.filter(stage__workflow=workflow, pk=part_id).first()
    if found is None:
        return {}
    template = assignment_drawer.TEMPLATE
    return {"drawer_template": template, **assignment_drawer.drawer(found, can_edit=can_edit)}


def _outcome(workflow: Workflow, part_id: int, label: str, can_edit: bool) -> Drawer:
    stage = _held(workflow, part_id)
    if stage is None:
        return {}
    context = outcome_drawer.drawer(stage, label, kind="outcome", can_edit=can_edit)
    return {"drawer_template": outcome_drawer.TEMPLATE, **context}


def _target(workflow: Workflow, part_id: int, label: str, can_edit: bool) -> Drawer:
    stage = _held(workflow, part_id)
    if stage is None:
        return {}
    context = outcome_drawer.drawer(stage, label, kind="target", can_edit=can_edit)
    if context["row"]["goes_to"] != "workflow":
        return {}
    return {"drawer_template": outcome_drawer.TARGET_TEMPLATE, **context}


def _hook(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer:
    rows = Hook.objects.select_related("stage__workflow__project")
    found = rows.filter(stage__workflow=workflow, pk=part_id).first()
    if found is None:
        return {}
    return {"drawer_template": hook_drawer.TEMPLATE, **hook_drawer.drawer(found, can_edit=can_edit)}


def _agent(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer:
    found = Agent.objects.select_related("project").filter(project=workflow.project_id, pk=part_id).first()
    if found is None:
        return {}
    return {"drawer_template": agent_drawer.TEMPLATE, **agent_drawer.drawer(found, workflow, can_edit=can_edit)}


def _workflow(workflow: Workflow, part_id: int, _: str, can_edit: bool) -> Drawer:
    if part_id != workflow.pk:
        return {}
    return {"drawer_template": workflow_drawer.TEMPLATE, **workflow_drawer.drawer(workflow, can_edit=can_edit)}


_OF: dict[str, Callable[[Workflow, int, str, bool], Drawer]] = {
    "stage": _stage,
    "assignment": _assignment,
    "outcome": _outcome,
    "target": _target,
    "hook": _hook,
    "agent": _agent,
    "workflow": _workflow,
}
