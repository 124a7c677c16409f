"""The parts of a definition that rules look at, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.checks.findings import Loc
from builder.spec import END, ApprovalHook, AssignmentSpec, Hook, StageRoute, StageSpec, WorkflowSpec


def assignments_of(spec: WorkflowSpec) -> Iterator[tuple[Loc, AssignmentSpec]]:
    for index, stage in enumerate(spec.stages):
        for place, assignment in enumerate(stage.assignments):
            yield ("stages", index, "assignments", place), assignment


def agents_named(spec: WorkflowSpec) -> Iterator[tuple[Loc, str]]:
    """Each agent once, at the first place that names it."""
    seen: set[str] = set()
    for loc, assignment in assignments_of(spec):
        for role, name in (("agent", assignment.agent), ("fallback_agent", assignment.fallback_agent)):
            if name is not None and name not in seen:
                seen.add(name)
                yield (*loc, role), name


def hooks_of(spec: WorkflowSpec) -> Iterator[tuple[Loc, str, Hook]]:
    for index, stage in enumerate(spec.stages):
        for moment, hooks in (("entry_hooks", stage.entry_hooks), ("exit_hooks", stage.exit_hooks)):
            for place, hook in enumerate(hooks):
                yield ("stages", index, moment, place), moment, hook


def gate_outcomes(stage: StageSpec) -> Iterator[str | None]:
    for hook in (*stage.entry_hooks, *stage.exit_hooks):
        if isinstance(hook, ApprovalHook):
            yield from hook.options.values()
            yield hook.deadline.outcome if hook.deadline else None


def leads_to(stage: StageSpec, index: int, places: Mapping[str, int]) -> Iterator[int]:
    """The positions that a stage can lead to; one past the last is the end."""
    ends_there = (
        route.stage if isinstance(route, StageRoute) else route.continue_at for route in stage.routes.values()
    )
    yield from (places[name] for name in ends_there if name != END)
    if may_go_on(stage):
        yield index + 1


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
