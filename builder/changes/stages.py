"""Stages: added, changed, moved, deleted; and the workflow's own fields."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from builder.changes.draft import Draft, insert_at, told
from builder.commands import AddStage, Delete, MoveStage, PlaceCards, SetHooks, UpdateStage, UpdateWorkflow
from builder.errors import LastStage
from builder.patches import renamed
from builder.spec import END, StageSpec
from projects.errors import Detail, Invalid
from projects.names import name_key

Block = dict[str, Any]
_FIELDS = ("name", "task", "mode", "max_cycles", "max_visits")
_WORKFLOW_FIELDS = ("name", "description", "input_schema", "output_schema")


def add_stage(draft: Draft, command: AddStage) -> str:
    """A stage without agents."""
    place = insert_at(draft, command.after)
    name = command.name if command.name is not None else draft.free_name(f"Stage {len(draft.stages) + 1}")
    draft.stages.insert(place, StageSpec(name="x").model_dump(mode="json") | {"name": name})
    draft.focus = name
    if command.x is not None and command.y is not None:
        draft.places[name, ""] = (command.x, command.y)
    return f"Added stage {name}"


def update_stage(draft: Draft, command: UpdateStage) -> str:
    """New values; what leads to the stage follows its new name."""
    _only(command.changes, _FIELDS)
    stage = draft.check_stage(command.stage, command.version, lambda block: told(block, command.changes))
    was, name = stage["name"], command.changes.get("name", stage["name"])
    stage.update({field: value for field, value in command.changes.items() if field != "name"})
    if name != was:
        _rename(draft, stage, name)
    return f"Renamed stage {was} to {name}" if name != was else f"Changed stage {was}"


def _rename(draft: Draft, stage: Block, name: Any) -> None:
    was = stage["name"]
    taken = isinstance(name, str) and any(
        other is not stage and name_key(other["name"]) == name_key(name) for other in draft.stages
    )
    if not isinstance(name, str) or not name or name_key(name) == END or taken:
        stage["name"] = name  # the check of the whole says what is wrong with it
        return
    draft.block["stages"] = renamed(draft.block, {was: name})["stages"]
    draft.renames[was] = name


def move_stage(draft: Draft, command: MoveStage) -> str:
    """Another position; routes stay, for they go by names."""
    stage = draft.stage(command.stage)
    draft.stages.remove(stage)
    draft.stages.insert(min(command.to, len(draft.stages)), stage)
    return f"Moved stage {stage['name']}"


def delete(draft: Draft, command: Delete) -> str:
    """Stages and assignments away, and routes turned from the stages that went."""
    gone = [draft.stage(stage) for stage in dict.fromkeys(command.stages)]
    if len(gone) == len(draft.stages):
        raise LastStage
    taken: list[str] = []
    for assignment in dict.fromkeys(command.assignments):
        stage, index = draft.spot(assignment)
        taken.append(stage["assignments"][index]["agent"])
        stage["assignments"][index] = None
    names = {stage["name"] for stage in gone}
    for place, stage in enumerate(draft.stages):
        if None in stage["assignments"]:
            own = draft.own(place)
            own["assignments"] = [block for block in own["assignments"] if block is not None]
        if any({route.get("stage"), route.get("continue_at")} & names for route in stage["routes"].values()):
            _turn_away(draft.own(place), names)
    draft.block["stages"] = [stage for stage in draft.stages if stage["name"] not in names]
    return f"Deleted {_listed([*(stage['name'] for stage in gone), *taken])}"


def _turn_away(stage: Block, gone: Collection[str]) -> None:
    for label, route in list(stage["routes"].items()):
        if route.get("stage") in gone:
            del stage["routes"][label]
        elif route.get("continue_at") in gone:
            route["continue_at"] = END


def _listed(names: list[str]) -> str:
    shown = names[:3]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "nothing"


def set_hooks(draft: Draft, command: SetHooks) -> str:
    """The stage's hooks, at its entry and at its exit."""
    stage = draft.check_stage(command.stage, command.version, lambda block: told(block, ("entry_hooks", "exit_hooks")))
    stage["entry_hooks"], stage["exit_hooks"] = command.entry, command.exit
    return f"Changed the hooks of {stage['name']}"


def update_workflow(draft: Draft, command: UpdateWorkflow) -> str:
    """The workflow's own fields."""
    _only(command.changes, _WORKFLOW_FIELDS)
    draft.check_workflow(command.version, command.changes)
    was = draft.block["name"]
    draft.block.update(command.changes)
    name = draft.block["name"]
    return f"Renamed the workflow {was} to {name}" if name != was else "Changed the workflow's settings"


def place(draft: Draft, command: PlaceCards) -> str:
    """Cards to where they were dropped. What is gone meanwhile is passed over: nobody has to be told."""
    names = {stage_id: stage["name"] for stage_id, stage in zip(draft.stage_ids, draft.stages, strict=True)}
    for node, spot in command.places.items():
        kind, _, rest = node.partition(":")
        number, _, label = rest.partition(":")
        if kind not in ("stage", "target") or not number.isascii() or not number.isdecimal():
            raise Invalid(
                "A card is no stage and no target.", details=[Detail(path=f"places.{node}", message="no card")]
            )
        name = names.get(int(number[:18]))
        if name is not None and (kind == "target") is bool(label):
            draft.places[name, label] = (spot[0], spot[1])
    return f"Moved {len(draft.places)} card{'' if len(draft.places) == 1 else 's'}"


def _only(changes: Collection[str], allowed: Collection[str]) -> None:
    unknown = [Detail(path=f"changes.{name}", message="unknown field") for name in changes if name not in allowed]
    if unknown:
        raise Invalid("The change has problems.", details=unknown)
