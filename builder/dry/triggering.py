"""Which workflows the agents of a definition are told to trigger, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.runtime.script import Step, TriggerCall
from builder.dry.plan import StagePlan
from builder.dry.samples import sample
from builder.spec import AssignmentSpec, Capability, FrozenVersion, StageSpec, WorkflowRoute
from projects.names import name_key

Json = Any


@dataclass(frozen=True)
class Named:
    """A workflow of the project as a plan knows it: `name` and what input it takes (a JSON Schema, or None)."""

    name: str
    input_schema: Mapping[str, Json] | None = None


def triggered(
    version: FrozenVersion, stage: StageSpec, assignment: AssignmentSpec, plan: StagePlan, known: Sequence[Named]
) -> list[TriggerCall]:
    """The calls that the stand-in makes: those of the plan, else the workflows that its agent is told to trigger."""
    if not assignment.can(Capability.TRIGGER_WORKFLOWS):
        return []
    if assignment.agent in plan.triggers:
        wanted: Sequence[str | TriggerCall] = plan.triggers[assignment.agent]
    else:
        wanted = told_to_trigger(version, stage, assignment, known)
    by_key = {name_key(one.name): one for one in known}
    return [_call(one, by_key, assignment.agent) for one in wanted]


def _call(wanted: str | TriggerCall, known: Mapping[str, Named], agent: str) -> TriggerCall:
    if isinstance(wanted, TriggerCall):
        return wanted
    target = known.get(name_key(wanted))
    schema = target.input_schema if target else None
    context = sample(schema) if schema is not None else f"From the stand-in of {agent}."
    return TriggerCall(workflow=wanted, context=context)


def told_to_trigger(
    version: FrozenVersion, stage: StageSpec, assignment: AssignmentSpec, known: Sequence[Named]
) -> list[str]:
    """The workflows that the agent's script triggers, else those its texts name, else those it is narrowed to."""
    agent = version.agent(assignment.agent)
    allowed = {name_key(name) for name in assignment.allowed_workflows}
    may = [one.name for one in known if not allowed or name_key(one.name) in allowed]
    scripted = {name_key(name) for name in _in_script(agent.script)}
    told = [name for name in may if name_key(name) in scripted]
    if told:
        return told
    texts = "\n".join((assignment.directive, stage.task, agent.perspective)).casefold()
    return [name for name in may if name.casefold() in texts] or (may if allowed else [])


def _in_script(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.trigger_workflow is not None:
            yield step.trigger_workflow.workflow
        if step.call in ("trigger_workflow", "start_workflow") and step.args:
            yield str(step.args.get("workflow", ""))
        yield from _in_script(step.together or ())


def targets(version: FrozenVersion, plans: Mapping[str, StagePlan], known: Sequence[Named]) -> list[str]:
    """The workflows that a dry run of `version` may trigger, by route and by agent, each once."""
    names: list[str] = []
    for stage in version.workflow.stages:
        plan = plans.get(stage.name, StagePlan())
        for assignment in stage.assignments:
            names += [call.workflow for call in triggered(version, stage, assignment, plan, known)]
        names += [route.workflow for route in stage.routes.values() if isinstance(route, WorkflowRoute)]
    return list({name_key(name): name for name in names}.values())
