"""One way to write one definition: references in the case of what they name, routes in the order of the outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import is_
from typing import Any, TypeVar
from weakref import ref

from pydantic import BaseModel

from builder.references import Known, names
from builder.spec import END, AssignmentSpec, Hook, Route, StageRoute, StageSpec, WorkflowHook, WorkflowSpec
from projects.names import name_key

S = TypeVar("S", bound=BaseModel)


def canonical(spec: WorkflowSpec, known: Known) -> WorkflowSpec:
    """`spec`, which has passed validation against `known`, as the one way to write it."""
    stages = names(stage.name for stage in spec.stages)
    return spec.model_copy(update={"stages": tuple(_stage(stage, stages, known) for stage in spec.stages)})


def text_of(spec: BaseModel) -> str:
    """`spec` as JSON text, defaults included. Two definitions are the same where their texts are."""
    if isinstance(spec, WorkflowSpec):
        shell = spec.model_copy(update={"stages": ()}).model_dump(mode="json")
        texts = {name: _text(value) for name, value in shell.items()}
        texts["stages"] = f"[{','.join(stage_text(stage) for stage in spec.stages)}]"
        return f"{{{','.join(f'{_text(name)}:{text}' for name, text in texts.items())}}}"
    return _text(spec.model_dump(mode="json"))


def block_of(spec: BaseModel) -> dict[str, Any]:
    """`spec` as its block of the project file, defaults included; the caller's own, to change at will."""
    if isinstance(spec, WorkflowSpec):
        block: dict[str, Any] = json.loads(text_of(spec))
        return block
    return spec.model_dump(mode="json")


def stage_text(stage: StageSpec) -> str:
    """A stage as JSON text. An edit leaves most stages as they are: their texts are kept as long as they are."""
    kept = _texts.get(id(stage))
    if kept is not None and kept[0]() is stage:
        return kept[1]
    text = _text(stage.model_dump(mode="json"))
    key = id(stage)
    _texts[key] = (ref(stage, lambda _: _texts.pop(key, None)), text)
    return text


def block_text(block: Any) -> str:
    """JSON values as the text that a definition of the same meaning has."""
    return _text(block)


_texts: dict[int, tuple[ref[StageSpec], str]] = {}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _stage(stage: StageSpec, stages: Mapping[str, str], known: Known) -> StageSpec:
    assignments = tuple(_assignment(assignment, known) for assignment in stage.assignments)
    routes = {
        outcome: _route(stage.routes[outcome], stages, known) for outcome in stage.outcomes if outcome in stage.routes
    }
    entry, leave = (tuple(_hook(hook, known) for hook in hooks) for hooks in (stage.entry_hooks, stage.exit_hooks))
    same = (
        all(map(is_, assignments, stage.assignments))
        and list(routes) == list(stage.routes)
        and all(map(is_, routes.values(), stage.routes.values()))
        and all(map(is_, (*entry, *leave), (*stage.entry_hooks, *stage.exit_hooks)))
    )
    if same:
        return stage
    update = {"assignments": assignments, "routes": routes, "entry_hooks": entry, "exit_hooks": leave}
    return stage.model_copy(update=update)


def _assignment(assignment: AssignmentSpec, known: Known) -> AssignmentSpec:
    fallback = assignment.fallback_agent
    update = {
        "agent": known.agents[name_key(assignment.agent)],
        "fallback_agent": None if fallback is None else known.agents[name_key(fallback)],
        "allowed_workflows": tuple(known.workflows[name_key(name)] for name in assignment.allowed_workflows),
    }
    return _with(assignment, update)


def _route(route: Route, stages: Mapping[str, str], known: Known) -> Route:
    if isinstance(route, StageRoute):
        return _with(route, {"stage": _place(route.stage, stages)})
    return _with(
        route,
        {"workflow": known.workflows[name_key(route.workflow)], "continue_at": _place(route.continue_at, stages)},
    )


def _hook(hook: Hook, known: Known) -> Hook:
    if isinstance(hook, WorkflowHook):
        return _with(hook, {"workflow": known.workflows[name_key(hook.workflow)]})
    return hook


def _with(spec: S, update: Mapping[str, Any]) -> S:
    """`spec` with other values; itself where they are no others."""
    return (
        spec if all(getattr(spec, name) == value for name, value in update.items()) else spec.model_copy(update=update)
    )


def _place(name: str, stages: Mapping[str, str]) -> str:
    key = name_key(name)
    return END if key == END else stages[key]
