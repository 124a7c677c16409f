"""The tool `cancel_schedule`: takes a scheduled start back."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Offer, Reference, parameters

NAME = "cancel_schedule"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """The schedule to cancel."""

    id: Reference = Field(description="Id of the schedule.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    return ToolSpec(NAME, "Cancel a scheduled start that is not due yet.", parameters(Args))
