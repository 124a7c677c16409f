"""One way to write one definition: references in the case of what they name, routes in the order of the outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from operator import is_
from typing import Any, TypeVar

from pydantic import BaseModel

from builder.kept import PerStage
from builder.references import Known, names
from builder.spec import END, AssignmentSpec, Hook, Route, StageRoute, StageSpec, WorkflowHook, WorkflowSpec
from projects.names import name_key

S = TypeVar("S", bound=BaseModel)


def canonical(spec: WorkflowSpec, known: Known) -> WorkflowSpec:
    """`spec`, which has passed validation against `known`, as the one way to write it."""
    stages = names(stage.name for stage in spec.stages)
    there = Names.of(known, stages)
    return spec.model_copy(
        update={
            "stages": tuple(
                stage if is_written_so(stage, there) else _stage(stage, stages, known) for stage in spec.stages
            )
        }
    )


@dataclass(frozen=True)
class Names:
    """Names as they are written: what there is to be referred to, or what a stage refers to."""

    agents: frozenset[str]
    workflows: frozenset[str]
    stages: frozenset[str]

    @classmethod
    def of(cls, known: Known, stages: Mapping[str, str]) -> Names:
        """What the stages of a workflow may refer to; `stages` are its own, by key."""
        return cls(
            frozenset(known.agents.values()), frozenset(known.workflows.values()), frozenset((*stages.values(), END))
        )


def is_written_so(stage: StageSpec, there: Names) -> bool:
    """Whether everything that the stage refers to is there, in the same letters, and its routes are in order."""
    named, in_order = _named_in(stage)
    return (
        in_order
        and named.agents <= there.agents
        and named.workflows <= there.workflows
        and named.stages <= there.stages
    )


def stages_named(stage: StageSpec) -> frozenset[str]:
    """The names that the stage's routes lead to, or continue at; END among them."""
    return _named_in(stage)[0].stages


@PerStage
def _named_in(stage: StageSpec) -> tuple[Names, bool]:
    agents, workflows, stages = set[str](), set[str](), set[str]()
    for assignment in stage.assignments:
        agents.update(name for name in (assignment.agent, assignment.fallback_agent) if name is not None)
        workflows.update(assignment.allowed_workflows)
    for route in stage.routes.values():
        if isinstance(route, StageRoute):
            stages.add(route.stage)
        else:
            stages.add(route.continue_at)
            workflows.add(route.workflow)
    workflows.update(
        hook.workflow for hook in (*stage.entry_hooks, *stage.exit_hooks) if isinstance(hook, WorkflowHook)
    )
    in_order = list(stage.routes) == [label for label in stage.outcomes if label in stage.routes]
    return Names(frozenset(agents), frozenset(workflows), frozenset(stages)), in_order


def text_of(spec: BaseModel) -> str:
    """`spec` as JSON text, defaults included. Two definitions are the same where their texts are."""
    if isinstance(spec, WorkflowSpec):
        shell = spec.model_copy(update={"stages": ()}).model_dump(mode="json")
        texts = {name: _text(value) for name, value in shell.items()}
        texts["stages"] = f"[{','.join(stage_text(stage) for stage in spec.stages)}]"
        return f"{{{','.join(f'{_text(name)}:{text}' for name, text in texts.items())}}}"
    return _text(spec.model_dump(mode="json"))


def is_same(one: WorkflowSpec, other: WorkflowSpec) -> bool:
    """Whether two definitions have one text; the texts of most stages need not be looked at."""
    stages = tuple[StageSpec, ...]()
    return (
        len(one.stages) == len(other.stages)
        and all(map(_is_same_stage, one.stages, other.stages))
        and text_of(one.model_copy(update={"stages": stages})) == text_of(other.model_copy(update={"stages": stages}))
    )


def _is_same_stage(one: StageSpec, other: StageSpec) -> bool:
    return one is other or stage_text(one) == stage_text(other)


def block_of(spec: BaseModel) -> dict[str, Any]:
    """`spec` as its block of the project file, defaults included; the caller's own, to change at will."""
    if isinstance(spec, WorkflowSpec):
        block: dict[str, Any] = json.loads(text_of(spec))
        return block
    return spec.model_dump(mode="json")


@PerStage
def stage_text(stage: StageSpec) -> str:
    """A stage as JSON text."""
    return _text(stage.model_dump(mode="json"))


@PerStage
def stage_block(stage: StageSpec) -> dict[str, Any]:
    """A stage as its block of the project file, defaults included. Shared by all who ask: never to be changed."""
    block: dict[str, Any] = json.loads(stage_text(stage))
    return block


def shared_block_of(spec: WorkflowSpec) -> dict[str, Any]:
    """As `block_of`, but the blocks of its stages are shared: a stage that two definitions have in common is one object
    in both blocks. Never to be changed."""
    block: dict[str, Any] = spec.model_copy(update={"stages": ()}).model_dump(mode="json")
    block["stages"] = [stage_block(stage) for stage in spec.stages]
    return block


def block_text(block: Any) -> str:
    """JSON values as the text that a definition of the same meaning has."""
    return _text(block)


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
