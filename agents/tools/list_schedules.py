"""The tool `list_schedules`: what this run has scheduled."""

from __future__ import annotations

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Offer, parameters

NAME = "list_schedules"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """None."""


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    return ToolSpec(NAME, "List the workflows scheduled by schedule_workflow in this run.", parameters(Args))
