"""The tool `wait_for_workflow`: waits for a run that is already under way."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Offer, Reference, Seconds, parameters

NAME = "wait_for_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """`timeout` in seconds; None means the assignment's own."""

    run_id: Reference = Field(description="Id of the run.")
    timeout: Seconds | None = Field(default=None, description="Seconds to wait, 1 to 86400; null for the default.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = (
        "Wait for a workflow run that was started in the background or timed out before. Returns what "
        f"trigger_workflow returns. Waits {offer.timeout:g} seconds unless you name a timeout."
    )
    return ToolSpec(NAME, description, parameters(Args))
