"""The tool `check_workflow`: how a run stands, without waiting."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Offer, Reference, exactly_one, parameters

NAME = "check_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """A run by its id, or by the key that it was started with."""

    run_id: Reference | None = Field(default=None, description="Id of the run.")
    key: Reference | None = Field(default=None, description="The key given to start_workflow, instead of run_id.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        exactly_one({"run_id": self.run_id, "key": self.key})
        return self


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = "Look at a workflow run without waiting: its status, and its result or error once it is over."
    return ToolSpec(NAME, description, parameters(Args))
