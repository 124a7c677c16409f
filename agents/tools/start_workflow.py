"""The tool `start_workflow`: starts another workflow in the background."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Context, Name, Offer, Reference, parameters

NAME = "start_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """`key` makes the start idempotent within this run."""

    workflow: Name = Field(description="Name of the workflow, as listed at trigger_workflow.")
    context: Context = Field(default="", description="What the workflow gets to work with: text or an object.")
    key: Reference | None = Field(
        default=None, description="A key of your own: the same key again starts nothing and returns the first run."
    )


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = (
        "Start another workflow in the background and go on at once. Returns its run_id, for check_workflow, "
        "wait_for_workflow and cancel_workflow."
    )
    return ToolSpec(NAME, description, parameters(Args))
