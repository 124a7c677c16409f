"""One way to write one definition: references in the case of what they name, routes in the order of the outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from builder.references import Known, names
from builder.spec import END, AssignmentSpec, Hook, Route, StageRoute, StageSpec, WorkflowHook, WorkflowSpec
from projects.names import name_key


def canonical(spec: WorkflowSpec, known: Known) -> WorkflowSpec:
    """`spec`, which has passed validation against `known`, as the one way to write it."""
    stages = names(stage.name for stage in spec.stages)
    return spec.model_copy(update={"stages": tuple(_stage(stage, stages, known) for stage in spec.stages)})


def text_of(spec: BaseModel) -> str:
    """`spec` as JSON text, defaults included. Two definitions are the same where their texts are."""
    return json.dumps(spec.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def block_of(spec: BaseModel) -> dict[str, Any]:
    """`spec` as its block of the project file, defaults included."""
    return spec.model_dump(mode="json")


def _stage(stage: StageSpec, stages: Mapping[str, str], known: Known) -> StageSpec:
    return stage.model_copy(
        update={
            "assignments": tuple(_assignment(assignment, known) for assignment in stage.assignments),
            "routes": {
                outcome: _route(stage.routes[outcome], stages, known)
                for outcome in stage.outcomes
                if outcome in stage.routes
            },
            "entry_hooks": tuple(_hook(hook, known) for hook in stage.entry_hooks),
            "exit_hooks": tuple(_hook(hook, known) for hook in stage.exit_hooks),
        }
    )


def _assignment(assignment: AssignmentSpec, known: Known) -> AssignmentSpec:
    fallback = assignment.fallback_agent
    return assignment.model_copy(
        update={
            "agent": known.agents[name_key(assignment.agent)],
            "fallback_agent": None if fallback is None else known.agents[name_key(fallback)],
            "allowed_workflows": tuple(known.workflows[name_key(name)] for name in assignment.allowed_workflows),
        }
    )


def _route(route: Route, stages: Mapping[str, str], known: Known) -> Route:
    if isinstance(route, StageRoute):
        return StageRoute(stage=_place(route.stage, stages))
    return route.model_copy(
        update={
            "workflow": known.workflows[name_key(route.workflow)],
            "continue_at": _place(route.continue_at, stages),
        }
    )


def _hook(hook: Hook, known: Known) -> Hook:
    if isinstance(hook, WorkflowHook):
        return hook.model_copy(update={"workflow": known.workflows[name_key(hook.workflow)]})
    return hook


def _place(name: str, stages: Mapping[str, str]) -> str:
    key = name_key(name)
    return END if key == END else stages[key]
