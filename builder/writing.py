"""From a definition to the rows that mean it. Rows keep their ids where they stay the same thing.

Callers hold the project's lock, have validated the definition and made it canonical.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from builder.assignment_writing import write_assignments
from builder.canonical import block_of, shared_block_of, stage_text
from builder.hook_writing import write_hooks
from builder.models import Outcome, Route, Stage, Workflow
from builder.ordered_rows import OUT_OF_THE_WAY, save_all
from builder.patches import renamed
from builder.spec import AssignmentSpec, StageRoute, StageSpec, WorkflowSpec
from builder.spec import Route as RouteSpec
from builder.targets import Targets
from builder.trigger_writing import write_triggers
from projects.names import name_key
from projects.rows import query

Blocks = dict[str, dict[str, Any]]  # of stages, by the key of their names


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
    if before is not None and not renames:
        _share(old, fresh, before, spec)
    changed = [stage for stage in spec.stages if old.get(name_key(stage.name)) is not fresh[name_key(stage.name)]]
    turned = [stage for stage in changed if _exits(old, stage) != _exits(fresh, stage)]
    gone = [key for key in old if key not in fresh]
    if before is not None and (gone or turned):  # before the stages: a route holds on to the stage that it leads to
        _forget_routes(workflow, [*gone, *_keys_of(turned)], renames or {})
    places, rows = _write_stages(workflow, spec, old, fresh, renames or {})
    for stage in changed:
        key = name_key(stage.name)
        _write_inside(rows[key], stage, old.get(key), fresh[key], targets)
    _write_routes(places, turned, targets)
    if before is None or _differ(_triggers_of(before), _triggers_of(spec)):
        write_triggers(workflow, spec.triggers)


def _by_key(spec: WorkflowSpec | None, renames: Mapping[str, str]) -> Blocks:
    """The blocks of the stages, by the names that they go on under."""
    block = {"stages": []} if spec is None else renamed(shared_block_of(spec), renames)
    return {name_key(stage["name"]): stage for stage in block["stages"]}


def _share(old: Blocks, fresh: Blocks, before: WorkflowSpec, spec: WorkflowSpec) -> None:
    """Make stages that are the same on both sides one object, so that nobody looks into them."""
    known = set(map(id, before.stages))
    others = [stage for stage in spec.stages if id(stage) not in known]  # the others share their blocks already
    texts = {stage_text(stage) for stage in before.stages} if others else set()
    for stage in others:
        if stage_text(stage) in texts:
            old[name_key(stage.name)] = fresh[name_key(stage.name)]


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
) -> tuple[dict[str, int], dict[str, Stage]]:
    """The ids of all stages by name, and by key the rows of those that changed, or of all where one moves."""
    found = query(_STAGES, [workflow.pk]) if old else ()
    known = {name_key(renames.get(name, name)): (pk, position) for name, pk, position in found}
    if gone := [pk for key, (pk, _) in known.items() if key not in fresh]:
        workflow.stages.filter(pk__in=gone).delete()
    moves = any(known[key][1] != position for position, key in enumerate(fresh) if key in known)
    read = [pk for key, (pk, _) in known.items() if key in fresh and (moves or old[key] is not fresh[key])]
    if moves:
        workflow.stages.update(position=F("position") + OUT_OF_THE_WAY)
    stored = workflow.stages.in_bulk(read)
    rows: dict[str, Stage] = {}
    for position, (key, block) in enumerate(zip(fresh, spec.stages, strict=True)):
        if key in known and known[key][0] not in stored:
            continue  # it stays as it is, where it is
        stage = rows[key] = stored[known[key][0]] if key in known else Stage(workflow=workflow, version=0)
        if key not in known or (
            old[key] is not fresh[key] and (stage.name != block.name or _own(old[key]) != _own(fresh[key]))
        ):
            stage.version += 1
        stage.position, stage.name, stage.name_key = position, block.name, key
        stage.task, stage.mode = block.task, block.mode
        stage.max_cycles, stage.max_visits = block.max_cycles, block.max_visits
    save_all(Stage, rows.values(), _STAGE_FIELDS)
    ids = {key: pk for key, (pk, _) in known.items()} | {key: stage.pk for key, stage in rows.items()}
    return {block.name: ids[key] for key, block in zip(fresh, spec.stages, strict=True)}, rows


_STAGES = "SELECT name, id, position FROM builder_stage WHERE workflow_id = %s ORDER BY position"
_STAGE_FIELDS = ("position", "name", "name_key", "task", "mode", "max_cycles", "max_visits", "version")


def _own(stage: Mapping[str, Any]) -> str:
    """A stage without its assignments: these are edited, and counted, on their own."""
    return _text({field: value for field, value in stage.items() if field != "assignments"})


def _write_inside(
    stage: Stage, wanted: StageSpec, old: Mapping[str, Any] | None, fresh: Mapping[str, Any], targets: Targets
) -> None:
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
        write_assignments(stage, wanted.assignments, [AssignmentSpec.model_validate(one) for one in before], targets)


def _write_routes(places: Mapping[str, int], turned: Sequence[StageSpec], targets: Targets) -> None:
    """The routes of the stages that were turned elsewhere, whose old ones are gone; `places` are ids by name."""
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
