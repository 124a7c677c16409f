"""What changed between two definitions, small enough to keep, to turn round, and to apply to a later definition.

A definition is laid flat: a place such as ("stage", "Draft", "task") and its value. A patch lists the places that
differ. Pure: blocks of the project file in, blocks out. Edits of different places never disturb each other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from builder.spec import END

Json = Any
Block = dict[str, Json]
At = tuple[str, ...]
Flat = dict[At, Json]
Entry = dict[str, Json]  # {"at": [...], "was": value, "now": value}; a side without a value has no such key
Patch = list[Entry]

_OWN = ("name", "description", "input_schema", "output_schema", "triggers")
_OF_A_STAGE = ("task", "mode", "max_cycles", "max_visits", "outcomes", "default_outcome", "entry_hooks", "exit_hooks")
_NOTHING = object()


class ClashError(Exception):
    """The places `at` hold something else than the patch was made on."""

    def __init__(self, at: Iterable[At]) -> None:
        self.at = tuple(at)
        super().__init__(f"changed since: {self.at}")


def difference(before: Block | None, after: Block | None) -> Patch:
    """The patch that makes `after` of `before`; None is a workflow that is not there.

    A stage that is one object in both is not looked into.
    """
    kept = {stage["name"] for stage in _shared(before, after)}
    was, now = _flat(before, kept), _flat(after, kept)
    changed = [at for at in {**was, **now} if not _same(was.get(at, _NOTHING), now.get(at, _NOTHING))]
    return [_entry(at, was, now) for at in changed]


def turned(patch: Sequence[Entry]) -> Patch:
    """The patch back."""
    sides = {"was": "now", "now": "was"}
    return [{sides.get(key, key): value for key, value in entry.items()} for entry in patch]


def applied(block: Block, patch: Sequence[Entry]) -> Block:
    """`block` with the patch. Lists of names that changed since are merged. Raises ClashError where that cannot be.

    Stages that the patch does not touch are the objects that they were.
    """
    touched = _touched(patch)
    others = {stage["name"]: stage for stage in block["stages"] if stage["name"] not in touched}
    flat = _flat(block, others)
    clashes: list[At] = []
    for entry in patch:
        at = tuple(entry["at"])
        if flat.get(at, _NOTHING) == entry.get("was", _NOTHING):
            merged = entry.get("now", _NOTHING)
        else:
            merged = _merged(flat.get(at), entry)
            if merged is _NOTHING:
                clashes.append(at)
                continue
        if merged is _NOTHING:
            flat.pop(at, None)
        else:
            flat[at] = merged
    clashes.extend(_left_over(flat, others))
    if clashes:
        raise ClashError(clashes)
    return _block(flat, others)


def renamed(block: Block, renames: Mapping[str, str]) -> Block:
    """`block` with its stages renamed, and what leads to them. Other stages are the objects that they were."""
    if not renames:
        return block
    return {**block, "stages": [_renamed_stage(stage, renames) for stage in block["stages"]]}


def _renamed_stage(stage: Block, renames: Mapping[str, str]) -> Block:
    fields = ("stage", "continue_at")
    if stage["name"] not in renames and not any(
        route.get(field) in renames for route in stage["routes"].values() for field in fields
    ):
        return stage
    fresh = deepcopy(stage)
    fresh["name"] = renames.get(stage["name"], stage["name"])
    for route in fresh["routes"].values():
        for field in fields:
            if route.get(field, END) != END:
                route[field] = renames.get(route[field], route[field])
    return fresh


def stages_in(patch: Sequence[Entry]) -> set[str]:
    """The names of the stages that the patch changes inside, or puts elsewhere on the canvas."""
    return {entry["at"][1] for entry in patch if len(entry["at"]) > 1}


def stages_inside(patch: Sequence[Entry]) -> set[str]:
    """The names of the stages that the patch changes inside."""
    return {entry["at"][1] for entry in patch if len(entry["at"]) > 1 and entry["at"][0] != "place"}


def followed_anew(patch: Sequence[Entry]) -> set[str]:
    """The names of the stages that another stage follows since the patch, or none."""
    found: set[str] = set()
    for entry in patch:
        if entry["at"] == ["stages"]:
            was, now = entry.get("was", []), entry.get("now", [])
            before = dict(zip(was, [*was[1:], None], strict=True))
            found.update(
                name for name, after in zip(now, [*now[1:], None], strict=True) if before.get(name, "") != after
            )
    return found


def reorders(patch: Sequence[Entry]) -> bool:
    """Whether the patch changes which stages there are, or their order."""
    return any(entry["at"] == ["stages"] for entry in patch)


# Laid flat


def _shared(before: Block | None, after: Block | None) -> list[Block]:
    """The stages that are one object in both blocks."""
    if before is None or after is None:
        return []
    ids = {id(stage) for stage in before["stages"]}
    return [stage for stage in after["stages"] if id(stage) in ids]


def _touched(patch: Sequence[Entry]) -> set[str]:
    """The stages that the patch looks into, makes or takes away."""
    found = stages_in(patch)
    for entry in patch:
        if entry["at"] == ["stages"]:
            found.update(set(entry.get("was", ())).symmetric_difference(entry.get("now", ())))
    return found


def _flat(block: Block | None, but: Container[str] = ()) -> Flat:
    """The block laid flat, without what is in the stages called so."""
    if block is None:
        return {}
    flat: Flat = {(field,): block[field] for field in _OWN}
    flat["stages",] = [stage["name"] for stage in block["stages"]]
    for stage in block["stages"]:
        name = stage["name"]
        if name in but:
            continue
        for field in _OF_A_STAGE:
            flat["stage", name, field] = stage[field]
        for label, route in stage["routes"].items():
            flat["route", name, label] = route
        keys = _keys(stage["assignments"])
        flat["stage", name, "assignments"] = keys
        for key, assignment in zip(keys, stage["assignments"], strict=True):
            flat["assignment", name, key] = assignment
    return flat


def _keys(assignments: Sequence[Block]) -> list[str]:
    """A name for each assignment of a stage: its agent's, numbered where the agent has several."""
    seen: Counter[str] = Counter()
    keys = []
    for assignment in assignments:
        agent = assignment["agent"]
        seen[agent] += 1
        keys.append(agent if seen[agent] == 1 else f"{agent}\n{seen[agent]}")  # no name holds a line break
    return keys


def _block(flat: Flat, others: Mapping[str, Block]) -> Block:
    block: Block = {field: flat[field,] for field in _OWN}
    block["stages"] = [others.get(name) or _stage(flat, name) for name in flat["stages",]]
    return block


def _stage(flat: Flat, name: str) -> Block:
    stage: Block = {"name": name}
    for field in _OF_A_STAGE:
        stage[field] = flat["stage", name, field]
    stage["routes"] = {
        label: flat["route", name, label] for label in stage["outcomes"] if ("route", name, label) in flat
    }
    stage["assignments"] = [flat["assignment", name, key] for key in flat["stage", name, "assignments"]]
    return stage


def _left_over(flat: Flat, others: Container[str]) -> list[At]:
    """Places that belong to nothing any more: somebody worked inside what the patch takes away, or the other way."""
    inside: dict[str, list[At]] = {name: [] for name in flat["stages",] if name not in others}
    lost: list[At] = []
    for at in flat:
        if len(at) > 1:
            inside.get(at[1], lost).append(at)
    for name, places in inside.items():
        keys = flat.get(("stage", name, "assignments"))
        if keys is None:
            lost.append(("stage", name))
            continue
        held = {at[2] for at in places if at[0] == "assignment"}
        lost.extend(("assignment", name, key) for key in held.symmetric_difference(keys))
        outcomes = flat["stage", name, "outcomes"]
        lost.extend(at for at in places if at[0] == "route" and at[2] not in outcomes)
    return lost


def _same(one: Json, other: Json) -> bool:
    """Whether two values are written alike: the order of an object's keys counts, options are buttons in an order."""
    return one == other and (not isinstance(one, (dict, list)) or json.dumps(one) == json.dumps(other))


def _entry(at: At, was: Flat, now: Flat) -> Entry:
    entry: Entry = {"at": list(at)}
    if at in was:
        entry["was"] = was[at]
    if at in now:
        entry["now"] = now[at]
    return entry


# Lists that two have changed


def _merged(current: Json, entry: Entry) -> Json:
    """What a list of names becomes that was changed since: what the patch takes out goes, what it adds comes in at its
    place. _NOTHING where this is no list of names, or where the patch also moves some."""
    was: list[str] = entry.get("was", _NOTHING)
    now: list[str] = entry.get("now", _NOTHING)
    if not (_names(current) and _names(was) and _names(now)):
        return _NOTHING
    stay = [name for name in was if name in now]
    if stay != [name for name in now if name in was] or any(name in current for name in now if name not in was):
        return _NOTHING
    merged = [name for name in current if name in now or name not in was]
    for index, name in enumerate(now):
        if name not in was:
            before = [other for other in now[:index] if other in merged]
            merged.insert(merged.index(before[-1]) + 1 if before else 0, name)
    return merged


def _names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
