"""The rules that need more than one object: names and twins, dangling names, labels, cron and schemas.

They look at raw data, shaped right or not, so that a file's misspelt field and its dangling name are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.cron import cron_problem, zone_problem
from builder.schemas import schema_problems
from builder.spec import END, FORMAT, MAX_ASSIGNMENTS, MAX_STAGES
from projects.names import name_key, name_problem

Loc = tuple[str | int, ...]
Problems = Iterator[tuple[Loc, str]]
_Named = list[tuple[Loc, Mapping[str, Any]]]


@dataclass(frozen=True)
class Known:
    """The names that may be referred to: key (without case) to the name as it is written."""

    agents: Mapping[str, str] = field(default_factory=dict)
    workflows: Mapping[str, str] = field(default_factory=dict)


def names(texts: Iterable[str]) -> dict[str, str]:
    """The form in which `Known` holds names."""
    return {name_key(text): text for text in texts}


def file_problems(raw: Any, known: Known) -> Problems:
    """What is wrong between the objects of a project file."""
    file = _object(raw)
    if isinstance(version := file.get("format"), str) and version != FORMAT and version.startswith("baton/"):
        yield ("format",), f"this version of Baton reads {FORMAT}, not {version[:100]}"
    yield from _name_problem(_object(file.get("project")), ("project",))
    agents, workflows = _objects(file, "agents", ()), _objects(file, "workflows", ())
    yield from _twins(agents)
    yield from _twins(workflows)
    inside = Known(
        agents={**known.agents, **names(_names(agents))}, workflows={**known.workflows, **names(_names(workflows))}
    )
    for loc, agent in agents:
        yield from agent_problems(agent, loc)
    for loc, workflow in workflows:
        yield from workflow_problems(workflow, loc, inside)


def agent_problems(raw: Any, loc: Loc) -> Problems:
    """What is wrong with an agent beyond its shape."""
    yield from _name_problem(_object(raw), loc)


def workflow_problems(raw: Any, loc: Loc, known: Known, sound: Collection[int] = ()) -> Problems:
    """What is wrong inside a workflow's block, and between it and the names in `known`. Nothing is wrong inside the
    stages at the places `sound`."""
    block = _object(raw)
    yield from _name_problem(block, loc)
    for schema in ("input_schema", "output_schema"):
        if isinstance(block.get(schema), Mapping):
            yield from (((*loc, schema, *place), text) for place, text in schema_problems(block[schema]))
    # What is over the limits is told once, by its shape; looking into it would take long.
    stages = _objects(block, "stages", loc, most=MAX_STAGES)
    yield from _twins(stages)
    scope = _Scope(known=known, stages=names(_names(stages)))
    for place, stage in stages:
        if place[-1] not in sound:
            yield from _stage_problems(stage, place, scope)
    yield from _trigger_problems(_objects(block, "triggers", loc))


@dataclass(frozen=True)
class _Scope:
    """What the parts of one workflow may refer to."""

    known: Known
    stages: Mapping[str, str]


def _stage_problems(stage: Mapping[str, Any], loc: Loc, scope: _Scope) -> Problems:
    yield from _name_problem(stage, loc)
    if isinstance(name := stage.get("name"), str) and name_key(name) == END:
        yield (*loc, "name"), f"{END} is reserved: no stage is called that"
    for place, assignment in _objects(stage, "assignments", loc, most=MAX_ASSIGNMENTS):
        yield from _assignment_problems(assignment, place, scope.known)
    outcomes = set(_texts(stage, "outcomes"))
    yield from _label_problems(stage, "outcomes", loc)
    yield from _outcome_problem(stage.get("default_outcome"), (*loc, "default_outcome"), outcomes)
    yield from _route_problems(_object(stage.get("routes")), (*loc, "routes"), outcomes, scope)
    for moment in ("entry_hooks", "exit_hooks"):
        hooks = _objects(stage, moment, loc)
        yield from _twins(hooks)
        for place, hook in hooks:
            yield from _hook_problems(hook, place, outcomes, scope)


def _assignment_problems(assignment: Mapping[str, Any], loc: Loc, known: Known) -> Problems:
    for role in ("agent", "fallback_agent"):
        yield from _dangling(assignment.get(role), (*loc, role), known.agents, "agent")
    allowed = _list(assignment, "allowed_workflows")
    for index, name in enumerate(allowed):
        yield from _dangling(name, (*loc, "allowed_workflows", index), known.workflows, "workflow")
    yield from _repeated(allowed, (*loc, "allowed_workflows"), name_key)
    yield from _repeated(_list(assignment, "capabilities"), (*loc, "capabilities"), str)


def _label_problems(stage: Mapping[str, Any], key: str, loc: Loc) -> Problems:
    labels = _list(stage, key)
    for index, label in enumerate(labels):
        if isinstance(label, str) and (problem := name_problem(label)):
            yield (*loc, key, index), problem
    yield from _repeated(labels, (*loc, key), str)


def _outcome_problem(outcome: Any, loc: Loc, outcomes: set[str]) -> Problems:
    if isinstance(outcome, str) and outcome not in outcomes:
        yield loc, f"{outcome!r} is none of the stage's outcomes ({_listed(outcomes)})"


def _route_problems(routes: Mapping[str, Any], loc: Loc, outcomes: set[str], scope: _Scope) -> Problems:
    for outcome, value in routes.items():
        place, route = (*loc, outcome), _object(value)
        if outcome not in outcomes:
            yield place, f"{outcome!r} is none of the stage's outcomes ({_listed(outcomes)})"
        for key in ("stage", "continue_at"):
            if isinstance(name := route.get(key), str) and name_key(name) != END:
                yield from _dangling(name, (*place, key), scope.stages, "stage")
        yield from _dangling(route.get("workflow"), (*place, "workflow"), scope.known.workflows, "workflow")


def _hook_problems(hook: Mapping[str, Any], loc: Loc, outcomes: set[str], scope: _Scope) -> Problems:
    yield from _name_problem(hook, loc, optional=True)
    yield from _dangling(hook.get("workflow"), (*loc, "workflow"), scope.known.workflows, "workflow")
    for label, outcome in _object(hook.get("options")).items():
        if isinstance(label, str) and (problem := name_problem(label)):
            yield (*loc, "options", label), f"as a label: {problem}"
        yield from _outcome_problem(outcome, (*loc, "options", label), outcomes)
    deadline = _object(hook.get("deadline"))
    yield from _outcome_problem(deadline.get("outcome"), (*loc, "deadline", "outcome"), outcomes)


def _trigger_problems(triggers: _Named) -> Problems:
    yield from _twins(triggers)
    for loc, trigger in triggers:
        yield from _name_problem(trigger, loc, optional=True)
        if trigger.get("kind") != "schedule":
            continue
        if isinstance(cron := trigger.get("cron"), str) and len(cron) <= 200 and (problem := cron_problem(cron)):
            yield (*loc, "cron"), problem
        if isinstance(zone := trigger.get("timezone"), str) and (problem := zone_problem(zone)):
            yield (*loc, "timezone"), problem


def _name_problem(block: Mapping[str, Any], loc: Loc, *, optional: bool = False) -> Problems:
    name = block.get("name")
    if not isinstance(name, str) or (optional and not name):
        return
    if problem := name_problem(name):
        yield (*loc, "name"), problem


def _twins(objects: _Named) -> Problems:
    seen: dict[str, str] = {}
    for loc, block in objects:
        name = block.get("name")
        if not isinstance(name, str) or not name:
            continue
        if (twin := seen.setdefault(name_key(name), name)) is not name:
            other = "" if twin == name else f", as {twin!r}: names differ in more than their case"
            yield (*loc, "name"), f"{name!r} is there already{other}"


def _repeated(items: list[Any], loc: Loc, key: Callable[[str], str]) -> Problems:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if not isinstance(item, str):
            continue
        if key(item) in seen:
            yield (*loc, index), f"{item!r} is there twice"
        seen.add(key(item))


def _dangling(name: Any, loc: Loc, known: Mapping[str, str], noun: str) -> Problems:
    if isinstance(name, str) and name_key(name) not in known:
        yield loc, f"there is no {noun} {name[:200]!r} (there are: {_listed(known.values())})"


def _listed(texts: Iterable[str]) -> str:
    found = sorted(texts)
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return (", ".join(found[:10]) + more) or "none"


def _names(objects: _Named) -> Iterator[str]:
    return (name for _, block in objects if isinstance(name := block.get("name"), str))


def _texts(block: Mapping[str, Any], key: str) -> Iterator[str]:
    return (item for item in _list(block, key) if isinstance(item, str))


def _objects(block: Mapping[str, Any], key: str, loc: Loc, most: int | None = None) -> _Named:
    items = _list(block, key)
    if most is not None and len(items) > most:
        return []
    return [((*loc, key, index), item) for index, item in enumerate(items) if isinstance(item, Mapping)]


def _list(block: Mapping[str, Any], key: str) -> list[Any]:
    items = block.get(key)
    return list(items) if isinstance(items, (list, tuple)) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
