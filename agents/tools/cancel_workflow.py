"""The tool `cancel_workflow`: cancels a run that this run started."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Offer, Reference, parameters

NAME = "cancel_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """The run to cancel."""

    run_id: Reference = Field(description="Id of the run.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    return ToolSpec(NAME, "Cancel a workflow run that you or this workflow started.", parameters(Args))
