"""What is wrong with a plan, all at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from builder.dry.answers import choices
from builder.dry.plan import ChildPlan, DryPlan, StagePlan
from builder.dry.triggering import Named
from builder.schemas import misfits
from builder.spec import Capability, FrozenVersion, StageSpec
from builder.validation import path_text, refuse_shape, text_problems
from projects.errors import Detail
from projects.names import name_key

Loc = tuple[str | int, ...]
Problems = Iterator[tuple[Loc, str]]


def read_plan(raw: Any) -> DryPlan:
    """A plan as JSON. Raises Invalid with every problem of its shape."""
    try:
        return DryPlan.model_validate(raw)
    except ValidationError as error:
        refuse_shape("The plan has problems", error)


def problems_of(
    version: FrozenVersion, plan: DryPlan, others: Mapping[str, FrozenVersion], known: Sequence[Named]
) -> list[Detail]:
    """The problems of `plan` for `version`. `others` are the definitions of the workflows it names, by name key."""
    return [Detail(path_text(loc), text) for loc, text in _problems(version, plan, others, known)]


def _problems(
    version: FrozenVersion, plan: DryPlan, others: Mapping[str, FrozenVersion], known: Sequence[Named]
) -> Problems:
    yield from text_problems(plan.model_dump(), ("plan",))
    yield from _stages(version, plan.stages, ("plan", "stages"), known)
    for name, child in plan.workflows.items():
        loc = ("plan", "workflows", name)
        other = others.get(name_key(name))
        if other is None:
            yield loc, _not_there(name, known)
        else:
            yield from _child(other, child, loc, known)


def _stages(version: FrozenVersion, plans: Mapping[str, StagePlan], loc: Loc, known: Sequence[Named]) -> Problems:
    stages = {stage.name: stage for stage in version.workflow.stages}
    for name, plan in plans.items():
        if name not in stages:
            yield (*loc, name), f"there is no such stage; stages: {', '.join(stages)}"
        else:
            yield from _stage(stages[name], plan, (*loc, name), known)


def _stage(stage: StageSpec, plan: StagePlan, loc: Loc, known: Sequence[Named]) -> Problems:
    can = choices(stage)
    told = f"must be one of: {', '.join(can)}" if can else "nobody decides the outcome of this stage"
    for place, outcome in enumerate(plan.outcomes):
        if outcome not in can:
            yield (*loc, "outcomes", place), told
    agents = {assignment.agent for assignment in stage.assignments}
    for field, named in (("says", plan.says), ("triggers", plan.triggers)):
        for name in named:
            if name not in agents:
                yield (*loc, field, name), "this agent is not on the stage"
    if plan.results and not agents:
        yield (*loc, "results"), "no agent is on the stage, so nobody can share them"
    yield from _triggers(stage, plan, (*loc, "triggers"), known)


def _triggers(stage: StageSpec, plan: StagePlan, loc: Loc, known: Sequence[Named]) -> Problems:
    names = {name_key(one.name) for one in known}
    able = {one.agent for one in stage.assignments if one.can(Capability.TRIGGER_WORKFLOWS)}
    on_stage = {one.agent for one in stage.assignments}
    for agent, calls in plan.triggers.items():
        if agent in on_stage and agent not in able and calls:
            yield (*loc, agent), "Trigger Workflows is off for this agent here"
        for place, call in enumerate(calls):
            name = call if isinstance(call, str) else call.workflow
            if name_key(name) not in names:
                yield (*loc, agent, place), _not_there(name, known)


def _child(version: FrozenVersion, plan: ChildPlan, loc: Loc, known: Sequence[Named]) -> Problems:
    given = {"result": plan.result is not None, "error": plan.error is not None, "stages": bool(plan.stages)}
    for field, belongs_to in (("result", "complete"), ("error", "fail"), ("stages", "run")):
        if given[field] and plan.do != belongs_to:
            yield (*loc, field), f"goes with do: {belongs_to}"
    if plan.do == "complete" and plan.result is not None:
        schema = version.workflow.output_schema
        if not isinstance(plan.result, str | dict):
            yield (*loc, "result"), "must be text or a JSON object"
        elif schema is not None:
            for misfit in misfits(schema, plan.result, "result"):
                yield (*loc, "result"), f"{misfit.path}: {misfit.message}"
    if plan.do == "run":
        yield from _stages(version, plan.stages, (*loc, "stages"), known)


def _not_there(name: str, known: Sequence[Named]) -> str:
    there = ", ".join(sorted(one.name for one in known)[:50]) or "none"
    return f"there is no workflow {name!r}; workflows: {there}"
