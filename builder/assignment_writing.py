"""From the assignments of a stage's definition to their rows."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from builder.models import AllowedWorkflow, Assignment, Stage
from builder.ordered_rows import OUT_OF_THE_WAY, save_all
from builder.spec import AssignmentSpec
from builder.targets import Targets
from projects.names import name_key


def write_assignments(
    stage: Stage, wanted: Sequence[AssignmentSpec], old: Sequence[AssignmentSpec], targets: Targets
) -> None:
    """Make the rows of `stage` mean `wanted`; `old` is what they mean now. A row goes on where its agent does."""
    rows = list(stage.assignments.select_related("agent")) if old else []
    pairs = _paired(wanted, list(zip(rows, old, strict=True)))
    kept = [row.pk for row, _ in pairs if row.pk]
    if old:
        stage.assignments.exclude(pk__in=kept).delete()
        stage.assignments.update(position=F("position") + OUT_OF_THE_WAY)
    changed: list[tuple[Assignment, AssignmentSpec]] = []
    for position, ((row, was), block) in enumerate(zip(pairs, wanted, strict=True)):
        row.stage, row.position = stage, position
        _fill_assignment(row, block, targets)
        if was != block:
            row.version += 1
            changed.append((row, block))
    save_all(Assignment, [row for row, _ in pairs], _ASSIGNMENT_FIELDS)
    AllowedWorkflow.objects.filter(assignment__in=[row for row, _ in changed]).delete()
    AllowedWorkflow.objects.bulk_create(
        AllowedWorkflow(assignment=row, workflow_id=targets.workflow(name), position=position)
        for row, block in changed
        for position, name in enumerate(block.allowed_workflows)
    )


_Pair = tuple[Assignment, AssignmentSpec | None]


def _paired(wanted: Sequence[AssignmentSpec], old: Sequence[_Pair]) -> list[_Pair]:
    """For each wanted assignment the row that it goes on from: the same agent's, at the same place if it can be."""
    left = list(old)
    pairs: list[_Pair] = []
    for position, block in enumerate(wanted):
        same = [pair for pair in left if pair[0].agent.name_key == name_key(block.agent)]
        if not same:
            pairs.append((Assignment(version=0), None))
            continue
        best = next((pair for pair in same if pair[0].position == position), same[0])
        left.remove(best)
        pairs.append(best)
    return pairs


_ASSIGNMENT_FIELDS = (
    "position",
    "directive",
    "capabilities",
    "share",
    "attempts",
    "backoff",
    "max_backoff",
    "timeout",
    "trigger_timeout",
    "workflow_tools",
    "fallback_agent",
    "last_resort",
    "on_failure",
    "version",
)


def _fill_assignment(row: Assignment, block: AssignmentSpec, targets: Targets) -> None:
    row.agent_id = targets.agent(block.agent)
    row.directive = block.directive
    row.capabilities = [str(capability) for capability in block.capabilities]
    row.share = list(block.share)
    row.attempts, row.backoff = block.retries.attempts, block.retries.backoff
    row.max_backoff = block.retries.max_backoff
    row.timeout, row.trigger_timeout = block.timeout, block.trigger_timeout
    row.workflow_tools = block.workflow_tools
    row.fallback_agent_id = None if block.fallback_agent is None else targets.agent(block.fallback_agent)
    row.last_resort, row.on_failure = block.last_resort, block.on_failure
