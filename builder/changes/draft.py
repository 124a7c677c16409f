"""A workflow in the hands of one command: its block, and which row means which part of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from builder.errors import EditedMeanwhile, NoSuchPart
from builder.spec import END
from projects.errors import Detail
from projects.names import MAX_NAME, name_key

Json = Any
Block = dict[str, Json]
Spot = tuple[str, str]  # a stage's name and an outcome's label; the label is empty for the stage's own card


@dataclass
class Draft:
    """Rows are told by their ids, with the versions that they have now.

    `block` is changed in place, but for what is in its stages: these are shared with others until `own` copies one.
    """

    block: Block
    stage_ids: Sequence[int]  # by position
    stage_versions: Sequence[int]
    assignment_ids: Sequence[Sequence[int]]  # by position of the stage, then of the assignment
    assignment_versions: Mapping[int, int]
    version: int = 1  # of the workflow's own fields
    agents: Callable[[], Collection[str]] = tuple  # the names of the project's, asked for by what needs them
    renames: dict[str, str] = field(default_factory=dict)  # stages, old name to new
    places: dict[Spot, tuple[int, int] | None] = field(default_factory=dict)  # None: where the layout puts it
    focus: str = ""  # the name of the stage that was made
    _own: list[Block] = field(default_factory=list)  # stages that are this draft's alone

    @property
    def stages(self) -> list[Block]:
        """The blocks of the stages, in order, to be read."""
        stages: list[Block] = self.block["stages"]
        return stages

    def own(self, place: int) -> Block:
        """The block of the stage at this place, to be changed."""
        stage = self.stages[place]
        if not any(stage is own for own in self._own):
            stage = self.stages[place] = deepcopy(stage)
            self._own.append(stage)
        return stage

    def stage(self, stage_id: int) -> Block:
        """The block of this stage, to be changed. Raises NotFound where it is gone."""
        return self.own(self.position(stage_id))

    def position(self, stage_id: int) -> int:
        """The position of this stage as it was before the command."""
        if stage_id not in self.stage_ids:
            raise NoSuchPart("stage")
        return self.stage_ids.index(stage_id)

    def spot(self, assignment_id: int) -> tuple[Block, int]:
        """The stage of this assignment, to be changed, and its position there. Raises NotFound where it is gone."""
        for place, ids in enumerate(self.assignment_ids):
            if assignment_id in ids:
                return self.own(place), ids.index(assignment_id)
        raise NoSuchPart("assignment")

    def check_stage(self, stage_id: int, version: int, tell: Callable[[Block], Iterable[Detail]]) -> Block:
        """The block of this stage, if it still is at `version`. Raises Conflict, with what `tell` says is stored."""
        stage = self.stage(stage_id)
        held = self.stage_versions[self.position(stage_id)]
        if version != held:
            place = ("stage", stage["name"])
            raise EditedMeanwhile("stage", expected=version, actual=held, stored=tell(stage), place=place)
        return stage

    def check_assignment(self, assignment_id: int, version: int, fields: Iterable[str]) -> Block:
        """The block of this assignment, if it still is at `version`. Raises Conflict."""
        stage, index = self.spot(assignment_id)
        block: Block = stage["assignments"][index]
        held = self.assignment_versions[assignment_id]
        if version != held:
            place = ("assignment", stage["name"], block["agent"])
            raise EditedMeanwhile("assignment", expected=version, actual=held, stored=told(block, fields), place=place)
        return block

    def check_workflow(self, version: int, fields: Iterable[str]) -> None:
        """Raises Conflict where the workflow's own fields were edited since `version`."""
        if version != self.version:
            stored = told(self.block, fields)
            raise EditedMeanwhile("workflow", expected=version, actual=self.version, stored=stored, place=("workflow",))

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with a number where a stage has that name."""
        taken = {name_key(stage["name"]) for stage in self.stages} | {END}
        name, number = wanted, 1
        while name_key(name) in taken:
            number += 1
            tail = f" {number}"
            name = f"{wanted[: MAX_NAME - len(tail)].rstrip()}{tail}"
        return name


def insert_at(draft: Draft, after: int | None) -> int:
    """The position behind the stage `after`; None is the end, 0 the beginning."""
    if after is None:
        return len(draft.stages)
    return 0 if after == 0 else draft.position(after) + 1


def told(block: Mapping[str, Json], fields: Iterable[str]) -> list[Detail]:
    """What is stored in these fields."""
    return [Detail(path=name, message=str(block[name])) for name in fields if name in block]
