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
from builder.canonical import block_of, stage_text
from builder.hook_writing import write_hooks
from builder.models import AllowedWorkflow, Assignment, Outcome, Route, Stage, Trigger, Workflow
from builder.patches import renamed
from builder.spec import AssignmentSpec, StageRoute, StageSpec, WorkflowSpec
from builder.spec import Route as RouteSpec
from builder.spec import Trigger as TriggerSpec
from projects.names import name_key

# Positions are unique: before rows are put into a new order they move out of the way.
_OUT_OF_THE_WAY = 1_000_000

Blocks = dict[str, dict[str, Any]]  # of stages, by the key of their names


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


def write_workflow(
    workflow: Workflow,
    spec: WorkflowSpec,
    before: WorkflowSpec | None,
    targets: Targets,
    renames: Mapping[str, str] | None = None,
) -> None:
    """Make the rows of `workflow` mean `spec`; `before` is what they mean now, None where there are none yet.

    `renames` says which stages of `before` go on under another name. Only what differs is written.
    """
    own = (spec.name, spec.description, spec.input_schema, spec.output_schema)
    if before is not None:
        if own != (before.name, before.description, before.input_schema, before.output_schema):
            workflow.version += 1
        touch(workflow)
    workflow.name, workflow.name_key = spec.name, name_key(spec.name)
    workflow.description = spec.description
    workflow.input_schema, workflow.output_schema = spec.input_schema, spec.output_schema
    workflow.save()
    old, fresh = _by_key(before, renames or {}), _by_key(spec, {})
    same = {stage_text(stage) for stage in before.stages} if before is not None and not renames else set()
    for block in spec.stages:
        if stage_text(block) in same:  # one object, so that nothing below looks into it
            old[name_key(block.name)] = fresh[name_key(block.name)]
    changed = [stage for stage in spec.stages if old.get(name_key(stage.name)) is not fresh[name_key(stage.name)]]
    turned = [stage for stage in changed if _exits(old, stage) != _exits(fresh, stage)]
    if before is not None:  # before the stages: a route holds on to the stage that it leads to
        _forget_routes(workflow, [*(key for key in old if key not in fresh), *_keys_of(turned)], renames or {})
    stages = _write_stages(workflow, spec, old, fresh, renames or {})
    for stage, wanted in zip(stages, spec.stages, strict=True):
        _write_inside(stage, wanted, old.get(stage.name_key), fresh[stage.name_key], targets)
    _write_routes(stages, turned, targets)
    if before is None or _differ(_triggers_of(before), _triggers_of(spec)):
        _write_triggers(workflow, spec.triggers)


def _by_key(spec: WorkflowSpec | None, renames: Mapping[str, str]) -> Blocks:
    """The blocks of the stages, by the names that they go on under."""
    block = {"stages": []} if spec is None else renamed(block_of(spec), renames)
    return {name_key(stage["name"]): stage for stage in block["stages"]}


def _keys_of(stages: Iterable[StageSpec]) -> list[str]:
    return [name_key(stage.name) for stage in stages]


def _exits(blocks: Blocks, stage: StageSpec) -> Any:
    """How a stage can end: where it differs, its routes are written anew. Two things are the same where this is."""
    block = blocks.get(name_key(stage.name))
    return None if block is None else _text([block["outcomes"], block["default_outcome"], block["routes"]])


def _text(value: Any) -> str:
    """JSON values as text, where the order of keys counts."""
    return json.dumps(value, ensure_ascii=False)


def _differ(one: Any, other: Any) -> bool:
    return one != other or _text(one) != _text(other)


def _triggers_of(spec: WorkflowSpec) -> list[Any]:
    return [block_of(trigger) for trigger in spec.triggers]


def _forget_routes(workflow: Workflow, keys: Sequence[str], renames: Mapping[str, str]) -> None:
    past = [name_key(was) for was, name in renames.items() if name_key(name) in keys]
    Route.objects.filter(outcome__stage__workflow=workflow, outcome__stage__name_key__in=[*keys, *past]).delete()


def touch(workflow: Workflow) -> None:
    """Count an edit; the next start needs a new version. The caller saves."""
    workflow.revision += 1
    workflow.current_version = None
    workflow.updated_at = timezone.now()


def _write_stages(
    workflow: Workflow, spec: WorkflowSpec, old: Blocks, fresh: Blocks, renames: Mapping[str, str]
) -> list[Stage]:
    rows = {name_key(renames.get(row.name, row.name)): row for row in workflow.stages.all()} if old else {}
    if gone := [row.pk for key, row in rows.items() if key not in fresh]:
        workflow.stages.filter(pk__in=gone).delete()
    if any(rows[key].position != position for position, key in enumerate(fresh) if key in rows):
        workflow.stages.update(position=F("position") + _OUT_OF_THE_WAY)
        for row in rows.values():
            row.position += _OUT_OF_THE_WAY
    stages, changed = [], []
    for position, (key, block) in enumerate(zip(fresh, spec.stages, strict=True)):
        stage = rows.get(key) or Stage(workflow=workflow, version=0)
        if old.get(key) is not fresh[key] and (
            key not in old or stage.name != block.name or _own(old[key]) != _own(fresh[key])
        ):
            stage.version += 1
            changed.append(stage)
        elif stage.position != position:
            changed.append(stage)
        stage.position, stage.name, stage.name_key = position, block.name, key
        stage.task, stage.mode = block.task, block.mode
        stage.max_cycles, stage.max_visits = block.max_cycles, block.max_visits
        stages.append(stage)
    _save_all(Stage, changed, _STAGE_FIELDS)
    return stages


_STAGE_FIELDS = ("position", "name", "name_key", "task", "mode", "max_cycles", "max_visits", "version")


def _own(stage: Mapping[str, Any]) -> str:
    """A stage without its assignments: these are edited, and counted, on their own."""
    return _text({field: value for field, value in stage.items() if field != "assignments"})


def _write_inside(
    stage: Stage, wanted: StageSpec, old: Mapping[str, Any] | None, fresh: Mapping[str, Any], targets: Targets
) -> None:
    if old is fresh:
        return
    if old is None or any(old[field] != fresh[field] for field in ("outcomes", "default_outcome")):
        if old is not None:
            stage.outcomes.all().delete()
        Outcome.objects.bulk_create(
            Outcome(stage=stage, position=position, label=label, is_default=label == wanted.default_outcome)
            for position, label in enumerate(wanted.outcomes)
        )
    if old is None or any(_differ(old[field], fresh[field]) for field in ("entry_hooks", "exit_hooks")):
        write_hooks(stage, {"entry": wanted.entry_hooks, "exit": wanted.exit_hooks}, targets.workflow)
    before = old["assignments"] if old else []
    if before != fresh["assignments"]:
        _write_assignments(stage, wanted.assignments, [AssignmentSpec.model_validate(one) for one in before], targets)


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


def _write_routes(stages: Sequence[Stage], turned: Sequence[StageSpec], targets: Targets) -> None:
    """The routes of the stages that were turned elsewhere, whose old ones are gone."""
    places = {stage.name: stage.pk for stage in stages}
    ids = [places[stage.name] for stage in turned]
    rows = Outcome.objects.filter(stage__in=ids) if ids else ()
    outcomes = {(outcome.stage_id, outcome.label): outcome for outcome in rows}
    Route.objects.bulk_create(
        _route_row(outcomes[places[stage.name], label], route, places, targets)
        for stage in turned
        for label, route in stage.routes.items()
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
    # What stands out of the way makes room first.
    model.objects.bulk_update(old, fields, batch_size=200)
    model.objects.bulk_create(new)
