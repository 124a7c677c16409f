"""Rules of what is legal and probably not meant: one small function each."""

from __future__ import annotations

from collections.abc import Iterator

from builder.checks.chains import MAX_DEPTH, SCRIPTED, chains_from, targets_of
from builder.checks.findings import Finding, Rule, told
from builder.checks.parts import (
    agents_named,
    assignments_in,
    gate_outcomes,
    gates_of,
    hooks_in,
    of_each_stage,
    ways,
    workflows_named,
)
from builder.checks.surroundings import Surroundings
from builder.spec import ApprovalHook, Capability, StageSpec, WorkflowSpec
from projects.approvers import asked_people, who

_MOST_CHAINS = 10


def _archived_targets(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    for loc, name in workflows_named(spec) if around.archived else ():
        if name not in around.archived:
            continue
        if loc[2] == "routes":
            yield told(f"{name} is archived: it will not be started, and the run goes on at continue at", *loc)
        else:
            yield told(f"{name} is archived: it cannot be called", *loc)


def _unreachable_stages(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    onward, _ = ways(spec)
    reached: set[int] = set()
    to_see = [0]
    while to_see:
        index = to_see.pop()
        if index < len(spec.stages) and index not in reached:
            reached.add(index)
            to_see.extend(onward[index])
    for index, stage in enumerate(spec.stages):
        if index not in reached:
            yield told(f"nothing leads to {stage.name}", "stages", index)


def _undecidable_outcomes(stage: StageSpec) -> Iterator[Finding]:
    if any(assignment.can(Capability.DECIDE_OUTCOME) for assignment in stage.assignments):
        return
    decided = {"error", stage.default_outcome, *gate_outcomes(stage)}
    for place, outcome in enumerate(stage.outcomes):
        if outcome not in decided:
            message = f"nobody can decide {outcome!r}: no gate offers it and no agent may decide outcomes"
            yield told(message, "outcomes", place)


def _nothing_to_decide(stage: StageSpec) -> Iterator[Finding]:
    for loc, assignment in assignments_in(stage):
        if assignment.can(Capability.DECIDE_OUTCOME) and not stage.outcomes:
            message = f"{assignment.agent} may decide the outcome, but {stage.name} has none"
            yield told(message, *loc, "capabilities")


def _options_without_outcome(stage: StageSpec) -> Iterator[Finding]:
    for loc, moment, hook in hooks_in(stage):
        if moment != "exit_hooks" or not isinstance(hook, ApprovalHook):
            continue
        for label, outcome in hook.options.items():
            if outcome is None:
                yield told(f"{label!r} leads nowhere: it has no outcome", *loc, "options", label)
        if hook.deadline and hook.deadline.outcome is None:
            yield told("the deadline leads nowhere: it has no outcome", *loc, "deadline", "outcome")


def _too_few_to_answer(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    for loc, gate in gates_of(spec):
        able = asked_people(gate.approvers, around.people)
        if not able:
            message = f"nobody can answer it: no member with the role operator or higher is {who(gate.approvers)}"
            yield told(message, *loc, "approvers")
        elif len(able) < gate.quorum:
            yield told(f"it takes {gate.quorum} people, and only {_people(able)} can answer it", *loc, "quorum")
        elif not gate.starter_may_answer and len(able) == gate.quorum:
            message = f"too few are left when one of them starts the run: only {_people(able)} can answer it"
            yield told(message, *loc, "starter_may_answer")


def _people(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _fallback_to_itself(stage: StageSpec) -> Iterator[Finding]:
    for loc, assignment in assignments_in(stage):
        if assignment.fallback_agent == assignment.agent:
            yield told(f"{assignment.agent} is its own fallback", *loc, "fallback_agent")


def _empty_scripts(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    for loc, name in agents_named(spec):
        agent = around.agents.get(name)
        if agent and (agent.model or around.default_model) == SCRIPTED and not agent.script:
            yield told(f"{name} is scripted and has no script: it will say nothing", *loc)


def _self_triggering(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    if spec.name in targets_of(spec, around):
        message = f"{spec.name} can trigger itself, and a workflow cannot keep triggering itself"
        yield told(message)


def _deep_chains(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    chains = chains_from((spec.name,), around)
    for _, chain in zip(range(_MOST_CHAINS), chains, strict=False):
        message = f"the chain {' > '.join(chain)} is deeper than the limit of {MAX_DEPTH}: its last start is refused"
        yield told(message)


def _allow_list_without_effect(stage: StageSpec) -> Iterator[Finding]:
    for loc, assignment in assignments_in(stage):
        if assignment.allowed_workflows and not assignment.can(Capability.TRIGGER_WORKFLOWS):
            message = f"{assignment.agent} has a list of workflows it may trigger, but Trigger Workflows is off"
            yield told(message, *loc, "capabilities")


def _no_way_out(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
    """Stages from which no route leads to the end: only the loop guard would end such a run."""
    onward, ending = ways(spec)
    coming: list[list[int]] = [[] for _ in range(len(spec.stages) + 1)]
    for index, targets in enumerate(onward):
        for target in targets:
            coming[target].append(index)
    ends: set[int] = set()
    to_see = [len(spec.stages), *(index for index, ends_it in enumerate(ending) if ends_it)]
    while to_see:
        index = to_see.pop()
        if index not in ends:
            ends.add(index)
            to_see.extend(coming[index])
    for index, stage in enumerate(spec.stages):
        if index not in ends:
            yield told(f"no way leads from {stage.name} to the end: only its loop guard stops it", "stages", index)


WARNINGS: tuple[Rule, ...] = (
    _archived_targets,
    _unreachable_stages,
    of_each_stage(_undecidable_outcomes),
    of_each_stage(_nothing_to_decide),
    of_each_stage(_options_without_outcome),
    _too_few_to_answer,
    of_each_stage(_fallback_to_itself),
    _empty_scripts,
    of_each_stage(_allow_list_without_effect),
    _no_way_out,
    _self_triggering,
    _deep_chains,
)
