"""What a person should know of a workflow before it runs: one small rule each, problems and warnings apart.

A problem stops a run or would fail it. A warning is legal, and probably not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from agents.queries import agents_of
from agents.runtime.script import Step
from builder.models import Workflow
from builder.project_file import workflow_names
from builder.reading import agent_spec, with_parts, workflow_spec
from builder.spec import (
    END,
    AgentSpec,
    ApprovalHook,
    AssignmentSpec,
    Capability,
    FrozenVersion,
    Hook,
    Mode,
    StageRoute,
    StageSpec,
    WorkflowRoute,
    WorkflowSpec,
)
from builder.validation import path_text
from projects.errors import Detail
from projects.models import Project
from projects.names import name_key

SCRIPTED = "scripted"
MAX_DEPTH = 3  # a start that would be this deep is refused
_MOST_CHAINS = 10
_STARTING_TOOLS = ("trigger_workflow", "start_workflow", "schedule_workflow")


@dataclass(frozen=True)
class Surroundings:
    """What a check knows beside the workflow: the project's others by name, and which of them are archived."""

    agents: Mapping[str, AgentSpec]
    workflows: Mapping[str, WorkflowSpec]
    archived: frozenset[str]
    default_model: str | None


@dataclass(frozen=True)
class Findings:
    """Problems and warnings, each with its place in the workflow's block."""

    problems: tuple[Detail, ...]
    warnings: tuple[Detail, ...]


_Rule = Callable[[WorkflowSpec, Surroundings], Iterator[Detail]]


def check(spec: WorkflowSpec, around: Surroundings) -> Findings:
    """All problems and warnings of `spec`."""
    return Findings(
        problems=tuple(item for rule in _PROBLEMS for item in rule(spec, around)),
        warnings=tuple(item for rule in _WARNINGS for item in rule(spec, around)),
    )


def check_stored(workflow: Workflow) -> Findings:
    """All problems and warnings of a stored workflow, among the others of its project."""
    around = surroundings_in(workflow.project)
    return check(around.workflows[workflow.name], around)


def known_starts(project: Project) -> dict[str, list[str]]:
    """Which workflows the runs of each workflow of the project are known to start."""
    around = surroundings_in(project)
    return {name: _targets(spec, around) for name, spec in around.workflows.items()}


def surroundings_in(project: Project) -> Surroundings:
    """What the checks know of a project, in a fixed number of queries."""
    rows = list(with_parts(Workflow.objects.filter(project=project)))
    return Surroundings(
        agents={agent.name: agent_spec(agent) for agent in agents_of(project.pk)},
        workflows={row.name: workflow_spec(row) for row in rows},
        archived=frozenset(row.name for row in rows if row.archived_at is not None),
        default_model=project.default_model,
    )


def unsupported(version: FrozenVersion) -> list[Detail]:
    """What a run of `version` would need that this version of Baton does not run yet; empty where it can start.

    Triggers never count: they say how a run starts, and other ways of starting stay open.
    """
    return list(_unsupported_in(version.workflow))


def _detail(message: str, *loc: str | int) -> Detail:
    return Detail(path=path_text(loc), message=message)


# -- problems --------------------------------------------------------------------------------------------------------


def _not_supported_yet(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    return _unsupported_in(spec)


def _missing_models(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for loc, name in _agents_named(spec):
        agent = around.agents.get(name)
        if agent is not None and agent.model is None and around.default_model is None:
            yield _detail(f"{name} has no model: set one on the agent, or the project's default model", *loc)


def _strange_models(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for loc, name in _agents_named(spec):
        agent = around.agents.get(name)
        for model in (agent.model, agent.fallback_model) if agent else ():
            if model is not None and model != SCRIPTED and not all(model.partition(":")):
                yield _detail(f"{name}: {model!r} is no model; write provider:model, or {SCRIPTED}", *loc)


# -- warnings --------------------------------------------------------------------------------------------------------


def _archived_targets(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for index, stage in enumerate(spec.stages):
        for outcome, route in stage.routes.items():
            if isinstance(route, WorkflowRoute) and route.workflow in around.archived:
                message = f"{route.workflow} is archived: it will not be started, and the run goes on at continue at"
                yield _detail(message, "stages", index, "routes", outcome, "workflow")
        for place, assignment in enumerate(stage.assignments):
            for at, name in enumerate(assignment.allowed_workflows):
                if name in around.archived:
                    loc = ("stages", index, "assignments", place, "allowed_workflows", at)
                    yield _detail(f"{name} is archived: it cannot be called", *loc)


def _unreachable_stages(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    places = {stage.name: index for index, stage in enumerate(spec.stages)}
    reached: set[int] = set()
    to_see = [0]
    while to_see:
        index = to_see.pop()
        if index < len(spec.stages) and index not in reached:
            reached.add(index)
            to_see.extend(_leads_to(spec.stages[index], index, places))
    for index, stage in enumerate(spec.stages):
        if index not in reached:
            yield _detail(f"nothing leads to {stage.name}", "stages", index)


def _undecidable_outcomes(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for index, stage in enumerate(spec.stages):
        if any(assignment.can(Capability.DECIDE_OUTCOME) for assignment in stage.assignments):
            continue
        decided = {"error", stage.default_outcome, *_gate_outcomes(stage)}
        for place, outcome in enumerate(stage.outcomes):
            if outcome not in decided:
                message = f"nobody can decide {outcome!r}: no gate offers it and no agent may decide outcomes"
                yield _detail(message, "stages", index, "outcomes", place)


def _nothing_to_decide(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for index, stage in enumerate(spec.stages):
        for place, assignment in enumerate(stage.assignments):
            if assignment.can(Capability.DECIDE_OUTCOME) and not stage.outcomes:
                loc = ("stages", index, "assignments", place, "capabilities")
                yield _detail(f"{assignment.agent} may decide the outcome, but {stage.name} has none", *loc)


def _options_without_outcome(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for loc, moment, hook in _hooks(spec):
        if moment != "exit_hooks" or not isinstance(hook, ApprovalHook):
            continue
        for label, outcome in hook.options.items():
            if outcome is None:
                yield _detail(f"{label!r} leads nowhere: it has no outcome", *loc, "options", label)
        if hook.deadline and hook.deadline.outcome is None:
            yield _detail("the deadline leads nowhere: it has no outcome", *loc, "deadline", "outcome")


def _fallback_to_itself(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for loc, assignment in _assignments(spec):
        if assignment.fallback_agent == assignment.agent:
            yield _detail(f"{assignment.agent} is its own fallback", *loc, "fallback_agent")


def _empty_scripts(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    for loc, name in _agents_named(spec):
        agent = around.agents.get(name)
        if agent and (agent.model or around.default_model) == SCRIPTED and not agent.script:
            yield _detail(f"{name} is scripted and has no script: it will say nothing", *loc)


def _self_triggering(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    if spec.name in _targets(spec, around):
        message = f"{spec.name} can trigger itself, and a workflow cannot keep triggering itself"
        yield Detail(path="", message=message)


def _deep_chains(spec: WorkflowSpec, around: Surroundings) -> Iterator[Detail]:
    chains = _chains((spec.name,), around)
    for _, chain in zip(range(_MOST_CHAINS), chains, strict=False):
        message = f"the chain {' > '.join(chain)} is deeper than the limit of {MAX_DEPTH}: its last start is refused"
        yield Detail(path="", message=message)


_PROBLEMS: tuple[_Rule, ...] = (_not_supported_yet, _missing_models, _strange_models)
_WARNINGS: tuple[_Rule, ...] = (
    _archived_targets,
    _unreachable_stages,
    _undecidable_outcomes,
    _nothing_to_decide,
    _options_without_outcome,
    _fallback_to_itself,
    _empty_scripts,
    _self_triggering,
    _deep_chains,
)


# -- what the rules look at ------------------------------------------------------------------------------------------

_Loc = tuple[str | int, ...]


def _assignments(spec: WorkflowSpec) -> Iterator[tuple[_Loc, AssignmentSpec]]:
    for index, stage in enumerate(spec.stages):
        for place, assignment in enumerate(stage.assignments):
            yield ("stages", index, "assignments", place), assignment


def _agents_named(spec: WorkflowSpec) -> Iterator[tuple[_Loc, str]]:
    """Each agent once, at the first place that names it."""
    seen: set[str] = set()
    for loc, assignment in _assignments(spec):
        for role, name in (("agent", assignment.agent), ("fallback_agent", assignment.fallback_agent)):
            if name is not None and name not in seen:
                seen.add(name)
                yield (*loc, role), name


def _hooks(spec: WorkflowSpec) -> Iterator[tuple[_Loc, str, Hook]]:
    for index, stage in enumerate(spec.stages):
        for moment, hooks in (("entry_hooks", stage.entry_hooks), ("exit_hooks", stage.exit_hooks)):
            for place, hook in enumerate(hooks):
                yield ("stages", index, moment, place), moment, hook


def _gate_outcomes(stage: StageSpec) -> Iterator[str | None]:
    for hook in (*stage.entry_hooks, *stage.exit_hooks):
        if isinstance(hook, ApprovalHook):
            yield from hook.options.values()
            yield hook.deadline.outcome if hook.deadline else None


def _leads_to(stage: StageSpec, index: int, places: Mapping[str, int]) -> Iterator[int]:
    """The positions that a stage can lead to; one past the last is the end."""
    ends_there = (
        route.stage if isinstance(route, StageRoute) else route.continue_at for route in stage.routes.values()
    )
    yield from (places[name] for name in ends_there if name != END)
    if _may_go_on(stage):
        yield index + 1


def _may_go_on(stage: StageSpec) -> bool:
    """Whether the stage can end without an outcome, or with one that has no route."""
    if any(outcome not in stage.routes for outcome in stage.outcomes):
        return True
    gates = [hook for hook in stage.exit_hooks if isinstance(hook, ApprovalHook)]
    always_decided = stage.default_outcome is not None or any(_always_decides(gate) for gate in gates[-1:])
    return not always_decided


def _always_decides(gate: ApprovalHook) -> bool:
    answers = [*gate.options.values(), *([gate.deadline.outcome] if gate.deadline else [])]
    return None not in answers


def _targets(spec: WorkflowSpec, around: Surroundings) -> list[str]:
    """The workflows that a run of `spec` is known to start; agents with a free choice are not guessed at."""
    found = list(workflow_names(spec.model_copy(update={"stages": tuple(map(_without_lists, spec.stages))})))
    for _, assignment in _assignments(spec):
        if assignment.can(Capability.TRIGGER_WORKFLOWS):
            found.extend(_called_by(assignment, around))
    return list(dict.fromkeys(found))


def _without_lists(stage: StageSpec) -> StageSpec:
    return stage.model_copy(update={"assignments": ()})


def _called_by(assignment: AssignmentSpec, around: Surroundings) -> Iterator[str]:
    agent = around.agents.get(assignment.agent)
    if agent is None or (agent.model or around.default_model) != SCRIPTED:
        yield from assignment.allowed_workflows
        return
    known = {name_key(name): name for name in around.workflows}
    allowed = {name_key(name) for name in assignment.allowed_workflows} or known.keys()
    for name in _named_in(agent.script):
        if name_key(name) in allowed and name_key(name) in known:
            yield known[name_key(name)]


def _named_in(steps: Iterable[Step]) -> Iterator[str]:
    """The workflows that a script calls."""
    for step in steps:
        if step.trigger_workflow is not None:
            yield step.trigger_workflow.workflow
        if step.call in _STARTING_TOOLS and isinstance(name := (step.args or {}).get("workflow"), str):
            yield name
        yield from _named_in(step.together or ())


def _chains(chain: tuple[str, ...], around: Surroundings) -> Iterator[tuple[str, ...]]:
    if len(chain) > MAX_DEPTH:
        yield chain
        return
    spec = around.workflows.get(chain[-1])
    for target in _targets(spec, around) if spec else ():
        if target != chain[-1]:  # triggering itself has a rule of its own
            yield from _chains((*chain, target), around)


# -- not supported yet -----------------------------------------------------------------------------------------------

_NOT_YET = "is not supported by this version of Baton yet"


def _unsupported_in(spec: WorkflowSpec) -> Iterator[Detail]:
    for index, stage in enumerate(spec.stages):
        if stage.mode is Mode.CONVERSATION:
            yield _detail(f"the mode conversation {_NOT_YET}", "stages", index, "mode")
    for loc, assignment in _assignments(spec):
        yield from _unsupported_on(assignment, loc)
    for loc, _, hook in _hooks(spec):
        yield from _unsupported_hook(hook, loc)


def _unsupported_on(assignment: AssignmentSpec, loc: _Loc) -> Iterator[Detail]:
    if assignment.workflow_tools:
        yield _detail(f"a tool per workflow {_NOT_YET}", *loc, "workflow_tools")
    for place, capability in enumerate(assignment.capabilities):
        if capability in (Capability.ASK_PEOPLE, Capability.USE_SUBAGENTS):
            yield _detail(f"the capability {capability} {_NOT_YET}", *loc, "capabilities", place)


def _unsupported_hook(hook: Hook, loc: _Loc) -> Iterator[Detail]:
    if not isinstance(hook, ApprovalHook):
        yield _detail(f"the hook {hook.kind} {_NOT_YET}", *loc, "kind")
        return
    if hook.approvers:
        yield _detail(f"a gate with named approvers {_NOT_YET}", *loc, "approvers")
    if hook.quorum > 1:
        yield _detail(f"a quorum {_NOT_YET}", *loc, "quorum")
    if not hook.starter_may_answer:
        yield _detail(f"keeping the starter from answering {_NOT_YET}", *loc, "starter_may_answer")
    if hook.reminders:
        yield _detail(f"reminding {_NOT_YET}", *loc, "reminders")
