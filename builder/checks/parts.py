"""The parts of a definition that rules look at, each with its place.

What is known of a stage alone is found once and kept with it (`builder.kept`): an edit leaves most stages as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from builder.checks.findings import Finding, Loc, Rule
from builder.checks.surroundings import Surroundings
from builder.kept import PerStage
from builder.spec import END, ApprovalHook, AssignmentSpec, Hook, StageRoute, StageSpec, WorkflowRoute, WorkflowSpec


def of_each_stage(find: Callable[[StageSpec], Iterable[Finding]]) -> Rule:
    """The rule that finds in every stage what `find` finds in it alone; places are told from the stage on."""

    @PerStage
    def found(stage: StageSpec) -> tuple[Finding, ...]:
        return tuple(find(stage))

    def rule(spec: WorkflowSpec, around: Surroundings) -> Iterator[Finding]:
        for index, stage in enumerate(spec.stages):
            for finding in found(stage):
                yield replace(finding, loc=("stages", index, *finding.loc))

    return rule


def assignments_in(stage: StageSpec) -> Iterator[tuple[Loc, AssignmentSpec]]:
    """The assignments of a stage, each with its place in it."""
    for place, assignment in enumerate(stage.assignments):
        yield ("assignments", place), assignment


@PerStage
def _agents_in(stage: StageSpec) -> tuple[tuple[Loc, str], ...]:
    return tuple(
        ((*loc, role), name)
        for loc, assignment in assignments_in(stage)
        for role, name in (("agent", assignment.agent), ("fallback_agent", assignment.fallback_agent))
        if name is not None
    )


def agents_named(spec: WorkflowSpec) -> Iterator[tuple[Loc, str]]:
    """Each agent once, at the first place that names it."""
    seen: set[str] = set()
    for index, stage in enumerate(spec.stages):
        for loc, name in _agents_in(stage):
            if name not in seen:
                seen.add(name)
                yield ("stages", index, *loc), name


def hooks_in(stage: StageSpec) -> Iterator[tuple[Loc, str, Hook]]:
    """The hooks of a stage, each with its place in it, and its moment."""
    for moment, hooks in (("entry_hooks", stage.entry_hooks), ("exit_hooks", stage.exit_hooks)):
        for place, hook in enumerate(hooks):
            yield (moment, place), moment, hook


@PerStage
def _gates_in(stage: StageSpec) -> tuple[tuple[Loc, ApprovalHook], ...]:
    return tuple((loc, hook) for loc, _, hook in hooks_in(stage) if isinstance(hook, ApprovalHook))


def gates_of(spec: WorkflowSpec) -> Iterator[tuple[Loc, ApprovalHook]]:
    """The gates of all stages."""
    for index, stage in enumerate(spec.stages):
        for loc, gate in _gates_in(stage):
            yield ("stages", index, *loc), gate


@PerStage
def _workflows_in(stage: StageSpec) -> tuple[tuple[Loc, str], ...]:
    routes = (
        (("routes", outcome, "workflow"), route.workflow)
        for outcome, route in stage.routes.items()
        if isinstance(route, WorkflowRoute)
    )
    allowed = (
        ((*loc, "allowed_workflows", at), name)
        for loc, assignment in assignments_in(stage)
        for at, name in enumerate(assignment.allowed_workflows)
    )
    return (*routes, *allowed)


def workflows_named(spec: WorkflowSpec) -> Iterator[tuple[Loc, str]]:
    """The workflows that routes lead to and that agents may call, at each place that names one; not those of hooks."""
    for index, stage in enumerate(spec.stages):
        for loc, name in _workflows_in(stage):
            yield ("stages", index, *loc), name


def gate_outcomes(stage: StageSpec) -> Iterator[str | None]:
    for hook in (*stage.entry_hooks, *stage.exit_hooks):
        if isinstance(hook, ApprovalHook):
            yield from hook.options.values()
            yield hook.deadline.outcome if hook.deadline else None


@PerStage
def _exits_of(stage: StageSpec) -> tuple[tuple[str, ...], bool]:
    """The names that a stage's routes lead to, END among them, and whether it can go on to the next one."""
    routes = stage.routes.values()
    names = (route.stage if isinstance(route, StageRoute) else route.continue_at for route in routes)
    return tuple(names), may_go_on(stage)


def ways(spec: WorkflowSpec) -> tuple[list[list[int]], list[bool]]:
    """By position: the positions that each stage can lead to, where one past the last is the end, and whether one of
    its routes ends the workflow by name."""
    places = {stage.name: index for index, stage in enumerate(spec.stages)}
    onward: list[list[int]] = []
    ending: list[bool] = []
    for index, stage in enumerate(spec.stages):
        names, goes_on = _exits_of(stage)
        targets = [places[name] for name in names if name != END]
        onward.append([*targets, index + 1] if goes_on else targets)
        ending.append(END in names)
    return onward, ending


def may_go_on(stage: StageSpec) -> bool:
    """Whether the stage can end without an outcome, or with one that has no route."""
    if any(outcome not in stage.routes for outcome in stage.outcomes):
        return True
    gates = [hook for hook in stage.exit_hooks if isinstance(hook, ApprovalHook)]
    always_decided = stage.default_outcome is not None or any(_always_decides(gate) for gate in gates[-1:])
    return not always_decided


def _always_decides(gate: ApprovalHook) -> bool:
    answers = [*gate.options.values(), *([gate.deadline.outcome] if gate.deadline else [])]
    return None not in answers
