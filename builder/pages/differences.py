"""What changed between two definitions, as people read it: object by object, fields by the labels of their forms.

Pure: blocks of the project file, or a patch of builder.patches, in; what builder/_changes.html shows out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from builder import patches
from builder.pages.field_words import (
    ASSIGNMENT,
    STAGE,
    WORKFLOW,
    Field,
    field_change,
    hook_changes,
    route_changes,
)
from builder.patches import Block, Entry

Json = Any
Change = dict[str, Json]  # title; did: Added, Removed, Changed, Renamed, Moved; fields: see field_words


def between(before: Block | None, after: Block | None, renames: Mapping[str, str] | None = None) -> list[Change]:
    """What it takes to come from one definition to another; `renames` are stages, old name to new."""
    followed = dict(renames or {})
    start = patches.renamed(before, followed) if before is not None else None
    return changes_of(patches.difference(start, after), followed)


def changes_of(patch: Sequence[Entry], renames: Mapping[str, str] | None = None) -> list[Change]:
    """What a patch changes; it is written in the names after `renames`."""
    groups: dict[tuple[str, ...], list[Entry]] = {}
    only_places = all(entry["at"][0] == "place" for entry in patch)
    for entry in patch:
        if entry["at"][0] == "place" and not only_places and len(entry) < 3:
            continue  # a card came or went with its stage
        groups.setdefault(_object(entry), []).append(entry)
    old = {new: was for was, new in (renames or {}).items() if was != new}
    for name in old:
        groups.setdefault(("stage", name), [])
    changes = [_change(key, entries, old) for key, entries in groups.items()]
    return [change for change in changes if change is not None]


def _object(entry: Entry) -> tuple[str, ...]:
    at = entry["at"]
    if at[0] in ("stage", "route"):
        return ("stage", at[1])
    if at[0] == "assignment":
        return ("assignment", at[1], at[2])
    return (at[0],) if at[0] in ("stages", "place") else ("workflow",)


def _change(key: tuple[str, ...], entries: Sequence[Entry], old: Mapping[str, str]) -> Change | None:
    if key[0] == "workflow":
        return _shown("Workflow", "Changed", _plain(entries, WORKFLOW))
    if key[0] == "stages":
        return _shown("Stages", "Changed", [_order(entries[0])])
    if key[0] == "place":
        return _shown("Canvas", "Moved", [{"label": "Cards", "entries": _moved_cards(entries)}])
    if key[0] == "assignment":
        agent = key[2].partition("\n")[0]
        return _shown(f"Assignment: {agent} on {key[1]}", _did(entries), _assignment(entries))
    renamed: list[Field] = []
    if key[1] in old:
        renamed = [field_change("Name", "text", old[key[1]], key[1])]
    own = [entry for entry in entries if entry["at"][0] == "stage"]
    did = "Renamed" if renamed and not entries else _did(own) if own else "Changed"
    return _shown(f"Stage: {key[1]}", did, [*renamed, *_stage(entries)])


def _shown(title: str, did: str, fields: Sequence[Field]) -> Change | None:
    """None where nothing is left to be shown: a new thing without anything in it is still told."""
    return {"title": title, "did": did, "fields": fields} if fields or did != "Changed" else None


def _did(entries: Sequence[Entry]) -> str:
    if all("was" not in entry for entry in entries):
        return "Added"
    return "Removed" if all("now" not in entry for entry in entries) else "Changed"


def _plain(entries: Sequence[Entry], labels: Mapping[str, tuple[str, str]]) -> list[Field]:
    fields = []
    for entry in entries:
        label, kind = labels[entry["at"][-1]]
        fields.append(field_change(label, kind, entry.get("was"), entry.get("now")))
    return [field for field in fields if field]


def _stage(entries: Sequence[Entry]) -> list[Field]:
    """The fields of a stage: its own, its hooks, where its outcomes lead. Defaults of a new one are left out."""
    whole = any(entry["at"][2:] == ["task"] and len(entry) == 2 for entry in entries)  # it came, or went
    fields: list[Field] = []
    for entry in entries:
        at, was, now = entry["at"], entry.get("was"), entry.get("now")
        if at[0] == "route":
            fields += route_changes(at[2], was, now)
            continue
        label, kind, default = STAGE[at[2]]
        if at[2] == "assignments" and not whole:  # who was added or removed is told as such; their order is told here
            if set(was or ()) != set(now or ()):
                continue
            was, now = _agents(was), _agents(now)
        elif at[2] == "assignments":
            continue
        if whole and default in (was, now):
            continue
        if kind == "hooks":
            fields += hook_changes(label, was or [], now or [])
        else:
            fields.append(field_change(label, kind, was, now))
    return [field for field in fields if field]


def _agents(keys: Sequence[str] | None) -> list[str]:
    return [key.replace("\n", " ") for key in keys or ()]


def _assignment(entries: Sequence[Entry]) -> list[Field]:
    was, now = entries[0].get("was"), entries[0].get("now")
    fields = []
    for name, (label, kind, default) in ASSIGNMENT.items():
        one = was.get(name, default) if was is not None else default
        other = now.get(name, default) if now is not None else default
        if one != other:
            fields.append(field_change(label, kind, one, other))
    return [field for field in fields if field]


def _order(entry: Entry) -> Field:
    """Which stages came, went, and changed their place."""
    was, now = entry.get("was") or [], entry.get("now") or []
    items = [{"sign": "-", "text": name} for name in was if name not in now]
    items += [{"sign": "+", "text": f"{name}, as stage {now.index(name) + 1}"} for name in now if name not in was]
    stayed, after = [name for name in was if name in now], [name for name in now if name in was]
    kept = {
        stayed[index]
        for block in SequenceMatcher(None, stayed, after, autojunk=False).get_matching_blocks()
        for index in range(block.a, block.a + block.size)
    }
    items += [
        {"sign": "~", "text": f"{name} moved from {was.index(name) + 1} to {now.index(name) + 1}"}
        for name in after
        if name not in kept
    ]
    return {"label": "Which there are, and their order", "entries": items}


def _moved_cards(entries: Sequence[Entry]) -> list[dict[str, str]]:
    def card(entry: Entry) -> str:
        at = entry["at"]
        name = f"{at[1]}, where {at[2]} leads" if len(at) > 2 and at[2] else at[1]
        return f"{name}: {_place(entry.get('was'))} to {_place(entry.get('now'))}"

    return [{"sign": "~", "text": card(entry)} for entry in entries]


def _place(point: Sequence[int] | None) -> str:
    return f"{point[0]}, {point[1]}" if point else "its place in the rows"
