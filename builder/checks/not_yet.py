"""What a run would need that this version of Baton does not run yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from builder.checks.findings import Finding, Loc, told
from builder.checks.parts import assignments_in, hooks_in
from builder.kept import PerStage
from builder.spec import ApprovalHook, AssignmentSpec, Capability, FrozenVersion, Hook, Mode, StageSpec, WorkflowSpec
from projects.errors import Detail

_NOT_YET = "is not supported by this version of Baton yet"


def unsupported(version: FrozenVersion) -> list[Detail]:
    """What a run of `version` would need that is not there yet; empty where it can start.

    Triggers never count: they say how a run starts, and other ways of starting stay open.
    """
    return [finding.detail for finding in unsupported_in(version.workflow)]


def unsupported_in(spec: WorkflowSpec) -> Iterator[Finding]:
    """The same of a definition, each with its place."""
    for index, stage in enumerate(spec.stages):
        for finding in _unsupported_stage(stage):
            yield replace(finding, loc=("stages", index, *finding.loc))


@PerStage
def _unsupported_stage(stage: StageSpec) -> tuple[Finding, ...]:
    return tuple(_found_in(stage))


def _found_in(stage: StageSpec) -> Iterator[Finding]:
    if stage.mode is Mode.CONVERSATION:
        yield told(f"the mode conversation {_NOT_YET}", "mode")
    for loc, assignment in assignments_in(stage):
        yield from _unsupported_on(assignment, loc)
    for loc, _, hook in hooks_in(stage):
        yield from _unsupported_hook(hook, loc)


def _unsupported_on(assignment: AssignmentSpec, loc: Loc) -> Iterator[Finding]:
    if assignment.workflow_tools:
        yield told(f"a tool per workflow {_NOT_YET}", *loc, "workflow_tools")
    for place, capability in enumerate(assignment.capabilities):
        if capability is Capability.USE_SUBAGENTS:
            yield told(f"the capability {capability} {_NOT_YET}", *loc, "capabilities", place)


def _unsupported_hook(hook: Hook, loc: Loc) -> Iterator[Finding]:
    if not isinstance(hook, ApprovalHook):
        yield told(f"the hook {hook.kind} {_NOT_YET}", *loc, "kind")
