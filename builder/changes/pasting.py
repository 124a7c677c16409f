"""Stages as text on the clipboard, and from there into any workflow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from builder.changes.draft import Draft, insert_at
from builder.commands import Paste
from builder.spec import END
from projects.errors import BatonError, Detail, Invalid
from projects.jsontext import parse_json
from projects.names import name_key

Block = dict[str, Any]
FORMAT = "stages/1"
_MOST = 200
_APART = (344, 172)  # pixels between pasted cards


def copied(stages: Sequence[Mapping[str, Any]]) -> str:
    """Stages as the text that `paste` takes."""
    agents = sorted({assignment["agent"] for stage in stages for assignment in stage["assignments"]})
    return json.dumps({"baton": FORMAT, "stages": list(stages), "agents": agents}, indent=2, ensure_ascii=False)


def paste(draft: Draft, command: Paste) -> str:
    """The stages of the text, with free names; routes among them follow, routes to what is not there go on to the next
    stage. Raises Invalid where the text is not ours, or where the project lacks an agent."""
    fresh = [deepcopy(block) for block in _stages(command.text)]
    _check_agents(draft, fresh)
    place = insert_at(draft, command.after)
    renames: dict[str, str] = {}
    for offset, block in enumerate(fresh):
        was = block["name"]
        block["name"] = draft.free_name(was)
        renames[was] = block["name"]
        draft.stages.insert(place + offset, block)
        if command.x is not None and command.y is not None:
            draft.places[block["name"], ""] = (command.x + offset % 4 * _APART[0], command.y + offset // 4 * _APART[1])
    there = {name_key(stage["name"]) for stage in draft.stages}
    for block in fresh:
        _lead(block, renames, there)
    draft.focus = fresh[0]["name"]
    return f"Pasted {len(fresh)} stage{'' if len(fresh) == 1 else 's'}"


def _stages(text: str) -> list[Block]:
    try:
        found = parse_json(text)
    except BatonError:
        raise _not_ours("is no JSON that Baton copied") from None
    if not isinstance(found, dict) or found.get("baton") != FORMAT:
        raise _not_ours("does not hold stages that were copied in Baton")
    stages = found.get("stages")
    if not isinstance(stages, list) or not 1 <= len(stages) <= _MOST:
        raise _not_ours(f"must hold 1 to {_MOST} stages")
    for stage in stages:
        if not _shaped(stage):
            raise _not_ours("holds a stage that is none")
    return stages


def _shaped(stage: Any) -> bool:
    """What this file reads of a stage; the rest is told by the check of the whole."""
    if not isinstance(stage, dict) or not isinstance(stage.get("name"), str):
        return False
    routes, assignments = stage.get("routes", {}), stage.get("assignments", [])
    stage["routes"], stage["assignments"] = routes, assignments
    return (
        isinstance(routes, dict)
        and all(isinstance(route, dict) for route in routes.values())
        and isinstance(assignments, list)
        and all(isinstance(item, dict) and isinstance(item.get("agent"), str) for item in assignments)
    )


def _not_ours(why: str) -> Invalid:
    return Invalid(f"This cannot be pasted: it {why}.", details=[Detail(path="text", message=why)])


def _check_agents(draft: Draft, stages: Sequence[Block]) -> None:
    known = {name_key(name) for name in draft.agents()}
    missing = {
        assignment["agent"]: None
        for stage in stages
        for assignment in stage["assignments"]
        if name_key(assignment["agent"]) not in known
    }
    if missing:
        told = f"this project has no agent called {', '.join(list(missing)[:5])}"
        raise Invalid(f"The stages cannot be pasted: {told}.", details=[Detail(path="text", message=told)])


def _lead(stage: Block, renames: Mapping[str, str], there: set[str]) -> None:
    for label, route in list(stage["routes"].items()):
        for field in ("stage", "continue_at"):
            target = route.get(field)
            if not isinstance(target, str) or name_key(target) == END:
                continue
            if target in renames:
                route[field] = renames[target]
            elif name_key(target) not in there:
                if field == "stage":
                    del stage["routes"][label]
                else:
                    route[field] = END
