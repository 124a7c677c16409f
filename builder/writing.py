"""From a definition to the rows that mean it. Rows keep their ids where they stay the same thing.

Callers hold the project's lock, have validated the definition and made it canonical.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from agents.models import Agent
from builder.canonical import block_of, text_of
from builder.models import AllowedWorkflow, Assignment, Hook, Outcome, Route, Stage, Trigger, Workflow
from builder.spec import AssignmentSpec, StageRoute, StageSpec, WorkflowHook, WorkflowSpec
from builder.spec import Hook as HookSpec
from builder.spec import Route as RouteSpec
from builder.spec import Trigger as TriggerSpec
from projects.names import name_key

# Positions are unique: before rows are put into a new order they move out of the way.
_OUT_OF_THE_WAY = 1_000_000


@dataclass(frozen=True)
class Targets:
    """The ids behind the names that a definition may refer to, by key: case does not matter."""

    agents: Mapping[str, int]
    workflows: Mapping[str, int]

    def agent(self, name: str) -> int:
        """The id of the agent called `name`."""
        return self.agents[name_key(name)]

    def workflow(self, name: str) -> int:
        """The id of the workflow called `name`."""
        return self.workflows[name_key(name)]


def targets_in(project_id: int) -> Targets:
    """What definitions of this project may refer to."""
    return Targets(
        agents=dict(Agent.objects.filter(project_id=project_id).values_list("name_key", "pk")),
        workflows=dict(Workflow.objects.filter(project_id=project_id).values_list("name_key", "pk")),
    )


def write_workflow(workflow: Workflow, spec: WorkflowSpec, before: WorkflowSpec | None, targets: Targets) -> None:
    """Make the rows of `workflow` mean `spec`; `before` is what they mean now, None where there are none yet."""
    workflow.name, workflow.name_key = spec.name, name_key(spec.name)
    workflow.description = spec.description
    workflow.input_schema, workflow.output_schema = spec.input_schema, spec.output_schema
    if before is not None:
        touch(workflow)
    workflow.save()
    Route.objects.filter(outcome__stage__workflow=workflow).delete()
    stages = _write_stages(workflow, spec, before)
    old = {name_key(stage.name): stage for stage in before.stages} if before else {}
    for stage, wanted in zip(stages, spec.stages, strict=True):
        _write_inside(stage, wanted, old.get(stage.name_key), targets)
    _write_routes(stages, spec.stages, targets)
    _write_triggers(workflow, spec.triggers)


def touch(workflow: Workflow) -> None:
    """Count an edit; the next start needs a new version. The caller saves."""
    workflow.revision += 1
    workflow.current_version = None
    workflow.updated_at = timezone.now()


def _write_stages(workflow: Workflow, spec: WorkflowSpec, before: WorkflowSpec | None) -> list[Stage]:
    rows = {stage.name_key: stage for stage in workflow.stages.all()} if before else {}
    old = {name_key(stage.name): stage for stage in before.stages} if before else {}
    wanted = {name_key(stage.name) for stage in spec.stages}
    workflow.stages.exclude(name_key__in=wanted).delete()
    workflow.stages.update(position=F("position") + _OUT_OF_THE_WAY)
    stages = []
    for position, block in enumerate(spec.stages):
        key = name_key(block.name)
        stage = rows.get(key) or Stage(workflow=workflow, version=0)
        stage.position, stage.name, stage.name_key = position, block.name, key
        stage.task, stage.mode = block.task, block.mode
        stage.max_cycles, stage.max_visits = block.max_cycles, block.max_visits
        if key not in old or _own(old[key]) != _own(block):
            stage.version += 1
        stages.append(stage)
    _save_all(Stage, stages, ("position", "name", "task", "mode", "max_cycles", "max_visits", "version"))
    return stages


def _own(stage: StageSpec) -> str:
    """A stage without its assignments: these are edited, and counted, on their own. As text, where order counts."""
    return text_of(stage.model_copy(update={"assignments": ()}))


def _write_inside(stage: Stage, wanted: StageSpec, old: StageSpec | None, targets: Targets) -> None:
    if old is None or (old.outcomes, old.default_outcome) != (wanted.outcomes, wanted.default_outcome):
        if old is not None:
            stage.outcomes.all().delete()
        Outcome.objects.bulk_create(
            Outcome(stage=stage, position=position, label=label, is_default=label == wanted.default_outcome)
            for position, label in enumerate(wanted.outcomes)
        )
    hooks = (wanted.entry_hooks, wanted.exit_hooks)
    if old is None or _texts((old.entry_hooks, old.exit_hooks)) != _texts(hooks):
        if old is not None:
            stage.hooks.all().delete()
        Hook.objects.bulk_create(
            _hook_row(stage, moment, position, hook, targets)
            for moment, group in zip(("entry", "exit"), hooks, strict=True)
            for position, hook in enumerate(group)
        )
    before = old.assignments if old else ()
    if before != wanted.assignments:
        _write_assignments(stage, wanted.assignments, before, targets)


def _texts(groups: Iterable[Iterable[HookSpec]]) -> list[list[str]]:
    return [[text_of(hook) for hook in group] for group in groups]


def _hook_row(stage: Stage, moment: str, position: int, hook: HookSpec, targets: Targets) -> Hook:
    block = block_of(hook)
    target = targets.workflow(block.pop("workflow")) if isinstance(hook, WorkflowHook) else None
    return Hook(stage=stage, moment=moment, position=position, kind=hook.kind, target_workflow_id=target, block=block)


def _write_assignments(
    stage: Stage, wanted: Sequence[AssignmentSpec], old: Sequence[AssignmentSpec], targets: Targets
) -> None:
    rows = list(stage.assignments.select_related("agent")) if old else []
    pairs = _paired(wanted, list(zip(rows, old, strict=True)))
    kept = [row.pk for row, _ in pairs if row.pk]
    if old:
        stage.assignments.exclude(pk__in=kept).delete()
        stage.assignments.update(position=F("position") + _OUT_OF_THE_WAY)
    changed: list[tuple[Assignment, AssignmentSpec]] = []
    for position, ((row, was), block) in enumerate(zip(pairs, wanted, strict=True)):
        row.stage, row.position = stage, position
        _fill_assignment(row, block, targets)
        if was != block:
            row.version += 1
            changed.append((row, block))
    _save_all(Assignment, [row for row, _ in pairs], _ASSIGNMENT_FIELDS)
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


def _write_routes(stages: Sequence[Stage], blocks: Sequence[StageSpec], targets: Targets) -> None:
    places = {stage.name: stage.pk for stage in stages}
    outcomes = {
        (outcome.stage_id, outcome.label): outcome for outcome in Outcome.objects.filter(stage__in=list(stages))
    }
    Route.objects.bulk_create(
        _route_row(outcomes[stage.pk, label], route, places, targets)
        for stage, block in zip(stages, blocks, strict=True)
        for label, route in block.routes.items()
    )


def _route_row(outcome: Outcome, route: RouteSpec, places: Mapping[str, int], targets: Targets) -> Route:
    if isinstance(route, StageRoute):
        target = places.get(route.stage)  # the end is no stage
        return Route(outcome=outcome, kind="end" if target is None else "stage", target_stage_id=target)
    return Route(
        outcome=outcome,
        kind="workflow",
        target_workflow_id=targets.workflow(route.workflow),
        continue_stage_id=places.get(route.continue_at),
        input=route.input,
        timeout=route.timeout,
    )


def _write_triggers(workflow: Workflow, wanted: Sequence[TriggerSpec]) -> None:
    """Triggers keep their rows by name, or by place where they have none: a webhook's address hangs on its row."""
    rows = {_mark(row.kind, row.name_key, row.position): row for row in workflow.triggers.all()}
    marks = trigger_marks(wanted)
    workflow.triggers.exclude(pk__in=[rows[mark].pk for mark in marks if mark in rows]).delete()
    workflow.triggers.update(position=F("position") + _OUT_OF_THE_WAY)
    triggers = [rows.get(mark) or Trigger(workflow=workflow, version=0) for mark in marks]
    for position, (row, block) in enumerate(zip(triggers, wanted, strict=True)):
        fresh = block_of(block)
        enabled = fresh.pop("enabled")
        if row.version == 0 or (enabled, json.dumps(fresh)) != (row.enabled, json.dumps(row.block)):
            row.version += 1
        row.position, row.kind, row.enabled = position, block.kind, enabled
        row.name, row.name_key, row.block = block.name, name_key(block.name), fresh
    _save_all(Trigger, triggers, ("position", "name", "name_key", "enabled", "block", "version"))


def trigger_marks(triggers: Iterable[TriggerSpec]) -> list[tuple[str, str | int]]:
    """What makes each trigger the same one in another definition of its workflow."""
    return [_mark(trigger.kind, name_key(trigger.name), place) for place, trigger in enumerate(triggers)]


def _mark(kind: str, key: str, position: int) -> tuple[str, str | int]:
    return kind, key or position


def _save_all(model: Any, rows: Iterable[Any], fields: Sequence[str]) -> None:
    rows = list(rows)
    new, old = [row for row in rows if row.pk is None], [row for row in rows if row.pk is not None]
    model.objects.bulk_create(new)
    model.objects.bulk_update(old, fields, batch_size=200)
