"""A definition whose agents are stand-ins: the same stages, assignments and routes, played from generated scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.runtime.models import SCRIPTED
from agents.runtime.script import Condition, Failure, Op, Step
from builder.dry.answers import Decider, chosen_at, decider_of, fails
from builder.dry.plain import plain
from builder.dry.plan import StagePlan
from builder.dry.samples import sample
from builder.dry.triggering import Named, triggered
from builder.spec import (
    AgentSpec,
    ApprovalHook,
    AssignmentSpec,
    Capability,
    FrozenVersion,
    Hook,
    OnFailure,
    Retries,
    StageSpec,
)

Json = Any
_TOLD = 600  # characters of what an agent would be told that its stand-in repeats

# No value of a run is called so: a hook under this condition is skipped, and its record says so.
_NEVER = Condition(path="dry_run", op=Op.EXISTS)


def stand_in(version: FrozenVersion, plans: Mapping[str, StagePlan], known: Sequence[Named]) -> FrozenVersion:
    """`version` as a dry run executes it: it asks no provider, and its hooks reach nobody outside.

    `plans` says how by stage; `known` are the workflows of the project that may be triggered.
    """
    cast = _Cast(version, plans, known)
    stages = tuple(cast.stage(stage) for stage in version.workflow.stages)
    return FrozenVersion(
        workflow=version.workflow.model_copy(update={"stages": stages}), agents=cast.agents(), default_model=SCRIPTED
    )


class _Cast:
    """The stand-ins of one definition in the making: an agent's one script serves all of its stages."""

    def __init__(self, version: FrozenVersion, plans: Mapping[str, StagePlan], known: Sequence[Named]) -> None:
        self._version = version
        self._plans = plans
        self._known = known
        self._scripts: dict[str, list[Step]] = {agent.name: [] for agent in version.agents}
        self._owed = _owed(version)  # names that the result needs and nobody is expected to share
        self._models: dict[str, str] = {}  # a stand-in of its own -> the agent that it stands in for

    def stage(self, stage: StageSpec) -> StageSpec:
        """The stage with its stand-ins, whose scripts are written on the way."""
        plan = self._plans.get(stage.name, StagePlan())
        failing = any(fails(stage, outcome) for outcome in plan.outcomes)
        played = []
        done: set[str] = set()
        for place, assignment in enumerate(stage.assignments):
            name = assignment.agent
            if failing and place == 0:
                name = _own_name(assignment.agent, stage.name)
                self._models[name] = assignment.agent
                self._scripts[name] = list(_failing(stage, plan))
            if name not in done:
                # An agent that is on a stage twice plays one script there.
                self._scripts[name] += self._steps(stage, assignment, plan, place)
                done.add(name)
            played.append(_played(assignment, name))
        return stage.model_copy(
            update={
                "assignments": tuple(played),
                "entry_hooks": tuple(_hook(hook) for hook in stage.entry_hooks),
                "exit_hooks": tuple(_hook(hook) for hook in stage.exit_hooks),
            }
        )

    def agents(self) -> tuple[AgentSpec, ...]:
        """The stand-ins, under the names of their agents."""
        made = []
        for name, steps in self._scripts.items():
            agent = self._version.agent(self._models.get(name, name))
            script = tuple(steps) or (Step(say=""),)
            update = {"name": name, "model": SCRIPTED, "fallback_model": None, "script": script, "subagent_script": ()}
            made.append(agent.model_copy(update=update))
        return tuple(made)

    def _steps(self, stage: StageSpec, assignment: AssignmentSpec, plan: StagePlan, place: int) -> Iterator[Step]:
        here = Condition(path="stage", op=Op.EQ, value=stage.name)
        calls = triggered(self._version, stage, assignment, plan, self._known)
        if calls:
            yield Step(when=here, together=tuple(Step(trigger_workflow=call) for call in calls))
        shared = self._shared(stage, assignment, plan, place)
        if shared:
            yield Step(when=here, share=shared)
        if assignment.can(Capability.DECIDE_OUTCOME) and decider_of(stage) is not Decider.NOBODY:
            decisions = tuple(_decisions(stage, plan))
            if decisions:
                yield Step(when=here, together=decisions)
        said = plan.says.get(assignment.agent)
        yield Step(when=here, say=str(plain(said)) if said is not None else self._told(stage, assignment))

    def _shared(self, stage: StageSpec, assignment: AssignmentSpec, plan: StagePlan, place: int) -> dict[str, Json]:
        agent = assignment.agent
        names = list(dict.fromkeys([*assignment.share, *_scripted_names(self._version.agent(agent).script)]))
        listed = {name for one in stage.assignments for name in one.share}
        if place == 0:
            names += [name for name in plan.results if name not in listed and name not in names]
            names += self._owed
            self._owed = []
        parts = (self._version.workflow.output_schema or {}).get("properties")
        parts = parts if isinstance(parts, Mapping) else {}
        text = f"{name_of(agent)} at {stage.name}"
        return {
            name: plain(plan.results[name]) if name in plan.results else _value(parts.get(name), f"{name} from {text}")
            for name in names
        }

    def _told(self, stage: StageSpec, assignment: AssignmentSpec) -> str:
        agent = self._version.agent(assignment.agent)
        told = [text.strip() for text in (agent.perspective, stage.task, assignment.directive) if text.strip()]
        words = plain(" / ".join(told))
        words = words if len(words) <= _TOLD else f"{words[:_TOLD]} […]"
        return f"Dry run: {name_of(agent.name)} would be told: {words}" if words else f"Dry run: {agent.name} was here."


def name_of(agent: str) -> str:
    """How texts call the stand-in of an agent."""
    return f"the stand-in of {agent}"


def _own_name(agent: str, stage: str) -> str:
    return f"{agent} at {stage}"[:100].rstrip()


def _failing(stage: StageSpec, plan: StagePlan) -> Iterator[Step]:
    """The provider's errors of a stand-in that is on this stage alone."""
    for condition, outcome in _by_visit(stage, plan):
        if outcome is not None and fails(stage, outcome):
            yield Step(fail=Failure.BAD_REQUEST, reason="the plan of the dry run lets it fail", when=condition)


def _decisions(stage: StageSpec, plan: StagePlan) -> Iterator[Step]:
    for condition, outcome in _by_visit(stage, plan):
        if outcome in stage.outcomes and outcome is not None:
            yield Step(decide=plain(outcome), when=condition)


def _by_visit(stage: StageSpec, plan: StagePlan) -> Iterator[tuple[Condition, str | None]]:
    """What each visit decides; the last one of the plan counts for all that follow."""
    last = max(1, len(plan.outcomes))
    for visit in range(1, last):
        yield Condition(path="visit", op=Op.EQ, value=visit), chosen_at(stage, plan.outcomes, visit)
    yield Condition(path="visit", op=Op.GT, value=last - 1), chosen_at(stage, plan.outcomes, last)


def _played(assignment: AssignmentSpec, name: str) -> AssignmentSpec:
    """The assignment in the hands of its stand-in: one try, and nobody steps in for it."""
    update = {
        "agent": name,
        "retries": Retries(attempts=1),
        "fallback_agent": None,
        "last_resort": None,
        "on_failure": OnFailure.FAIL,
    }
    return assignment.model_copy(update=update)


def _hook(hook: Hook) -> Hook:
    """A gate asks in the inbox alone, whoever may operate; every other hook is skipped."""
    if not isinstance(hook, ApprovalHook):
        return hook.model_copy(update={"when": _NEVER})
    update = {"channels": ("inbox",), "approvers": (), "quorum": 1, "reminders": (), "starter_may_answer": True}
    return hook.model_copy(update=update)


def _scripted_names(steps: Sequence[Step]) -> Iterator[str]:
    """What the script of a scripted agent shares."""
    for step in steps:
        yield from step.share or ()
        yield from _scripted_names(step.together or ())


def _owed(version: FrozenVersion) -> list[str]:
    """What the output schema requires and no assignment is expected to share: the first agent at work shares it."""
    schema = version.workflow.output_schema or {}
    required = schema.get("required")
    shared = {name for stage in version.workflow.stages for one in stage.assignments for name in one.share}
    return [str(name) for name in required if name not in shared] if isinstance(required, list) else []


def _value(schema: Json, text: str) -> Json:
    return plain(f"Sample {text}") if schema is None else sample(schema, "Sample")
