"""Everything a person can do to a workflow in the builder, a type each: the body of POST /w/<id>/commands.

Stages and assignments are named by their ids, workflows and agents by their names. `version` is the one that the form
was made from: where the object was edited since, the command is refused as a conflict. Commands without it win over
what came before them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Place = Annotated[int, Field(ge=-100_000, le=100_000)]  # pixels of the canvas
Index = Annotated[int, Field(ge=0, le=10_000)]
Name = Annotated[str, Field(max_length=20_000)]  # the rules of names are told by the definition's own check
Fields = dict[str, JsonValue]
Blocks = Annotated[list[dict[str, Any]], Field(max_length=1_000)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AddStage(_Command):
    """A new stage after the stage `after` (0: first, absent: last), where the canvas has it at `x`, `y`."""

    do: Literal["add_stage"]
    name: Name | None = None
    after: Annotated[int, Field(ge=0)] | None = None
    x: Place | None = None
    y: Place | None = None


class UpdateStage(_Command):
    """New values of a stage's own fields: name, task, mode, max_cycles, max_visits. References follow a new name."""

    do: Literal["update_stage"]
    stage: Id
    version: Version
    changes: Fields


class MoveStage(_Command):
    """Another position among the stages, from 0."""

    do: Literal["move_stage"]
    stage: Id
    to: Index


class Delete(_Command):
    """Stages and assignments away. Routes to a stage that goes lead to the next stage then; what would have continued
    at one ends the workflow."""

    do: Literal["delete"]
    stages: Annotated[list[Id], Field(max_length=1_000)] = []
    assignments: Annotated[list[Id], Field(max_length=1_000)] = []


class AssignAgent(_Command):
    """The agent put on the stage, last or at position `at` from 0."""

    do: Literal["assign_agent"]
    stage: Id
    agent: Name
    at: Index | None = None


class UpdateAssignment(_Command):
    """New values of fields of an assignment, as the project file writes them, each as a whole."""

    do: Literal["update_assignment"]
    assignment: Id
    version: Version
    changes: Fields


class MoveAssignment(_Command):
    """Another position on its stage, from 0, or on another stage."""

    do: Literal["move_assignment"]
    assignment: Id
    to: Index
    stage: Id | None = None


class AddOutcome(_Command):
    """A new outcome, last, with a route as the project file writes it; null leads to the next stage."""

    do: Literal["add_outcome"]
    stage: Id
    label: Name | None = None
    route: Fields | None = None


class OutcomeBlock(BaseModel):
    """One outcome as it should be; `was` is its label before, where it is renamed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    label: Name
    was: Name | None = None
    route: Fields | None = None


class SetOutcomes(_Command):
    """All outcomes of a stage, in this order."""

    do: Literal["set_outcomes"]
    stage: Id
    version: Version
    outcomes: Annotated[list[OutcomeBlock], Field(max_length=200)]
    default_outcome: Name | None = None


class Reroute(_Command):
    """Another route for one outcome."""

    do: Literal["reroute"]
    stage: Id
    label: Name
    route: Fields | None = None


class RemoveOutcome(_Command):
    """One outcome away, with its route."""

    do: Literal["remove_outcome"]
    stage: Id
    label: Name


class SetHooks(_Command):
    """All hooks of a stage, as the project file writes them."""

    do: Literal["set_hooks"]
    stage: Id
    version: Version
    entry: Blocks
    exit: Blocks


class UpdateWorkflow(_Command):
    """New values of the workflow's own fields: name, description, input_schema, output_schema."""

    do: Literal["update_workflow"]
    version: Version
    changes: Fields


class PlaceCards(_Command):
    """Where cards stand: `stage:12`, or `target:12:approve` for the workflow that this outcome leads to; [x, y]."""

    do: Literal["place"]
    places: Annotated[dict[str, Annotated[list[Place], Field(min_length=2, max_length=2)]], Field(max_length=5_000)]


class Tidy(_Command):
    """All cards to where the layout puts them."""

    do: Literal["tidy"]


class Paste(_Command):
    """Stages that were copied, after the stage `after` (absent: last), with free names."""

    do: Literal["paste"]
    text: Annotated[str, Field(max_length=1_048_576)]
    after: Annotated[int, Field(ge=0)] | None = None
    x: Place | None = None
    y: Place | None = None


class Undo(_Command):
    """The caller's last change of this workflow back."""

    do: Literal["undo"]


class Redo(_Command):
    """What the caller undid last, again."""

    do: Literal["redo"]


class Restore(_Command):
    """The workflow as it was after the edit with this revision."""

    do: Literal["restore"]
    revision: Version


COMMANDS: tuple[type[_Command], ...] = (
    AddStage,
    UpdateStage,
    MoveStage,
    Delete,
    AssignAgent,
    UpdateAssignment,
    MoveAssignment,
    AddOutcome,
    SetOutcomes,
    Reroute,
    RemoveOutcome,
    SetHooks,
    UpdateWorkflow,
    PlaceCards,
    Tidy,
    Paste,
    Undo,
    Redo,
    Restore,
)
NAMES: tuple[str, ...] = tuple(kind.model_fields["do"].annotation.__args__[0] for kind in COMMANDS)  # type: ignore[union-attr]


def _do(value: Any) -> str | None:
    do = value.get("do") if isinstance(value, dict) else getattr(value, "do", None)
    return do if do in NAMES else None


Command = Annotated[
    Annotated[AddStage, Tag("add_stage")]
    | Annotated[UpdateStage, Tag("update_stage")]
    | Annotated[MoveStage, Tag("move_stage")]
    | Annotated[Delete, Tag("delete")]
    | Annotated[AssignAgent, Tag("assign_agent")]
    | Annotated[UpdateAssignment, Tag("update_assignment")]
    | Annotated[MoveAssignment, Tag("move_assignment")]
    | Annotated[AddOutcome, Tag("add_outcome")]
    | Annotated[SetOutcomes, Tag("set_outcomes")]
    | Annotated[Reroute, Tag("reroute")]
    | Annotated[RemoveOutcome, Tag("remove_outcome")]
    | Annotated[SetHooks, Tag("set_hooks")]
    | Annotated[UpdateWorkflow, Tag("update_workflow")]
    | Annotated[PlaceCards, Tag("place")]
    | Annotated[Tidy, Tag("tidy")]
    | Annotated[Paste, Tag("paste")]
    | Annotated[Undo, Tag("undo")]
    | Annotated[Redo, Tag("redo")]
    | Annotated[Restore, Tag("restore")],
    Discriminator(
        _do,
        custom_error_type="command",
        custom_error_message=f"do is one of {', '.join(NAMES)}",
    ),
]
