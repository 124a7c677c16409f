"""What a run would need that this version of Baton does not run yet."""

from __future__ import annotations

from collections.abc import Iterator

from builder.checks.findings import Finding, Loc, told
from builder.checks.parts import assignments_of, hooks_of
from builder.spec import ApprovalHook, AssignmentSpec, Capability, FrozenVersion, Hook, Mode, WorkflowSpec
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
        if stage.mode is Mode.CONVERSATION:
            yield told(f"the mode conversation {_NOT_YET}", "stages", index, "mode")
    for loc, assignment in assignments_of(spec):
        yield from _unsupported_on(assignment, loc)
    for loc, _, hook in hooks_of(spec):
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
