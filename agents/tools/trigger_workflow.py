"""The tool `trigger_workflow`: starts another workflow and waits for what it returns."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import TRIGGER_WORKFLOWS, Arguments, Context, Name, Offer, Seconds, parameters

NAME = "trigger_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


class Args(Arguments):
    """`timeout` in seconds; None means the assignment's own."""

    workflow: Name = Field(description="Name of the workflow, as listed.")
    context: Context = Field(default="", description="What the workflow gets to work with: text or an object.")
    timeout: Seconds | None = Field(default=None, description="Seconds to wait, 1 to 86400; null for the default.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it, with the workflows that it may call."""
    description = (
        "Start another workflow and wait for its result. You get status (completed, failed, timed_out, cancelled or "
        "refused), kind, result, error and run_id. A failure does not end your work: decide yourself what to do. "
        f"Waits {offer.timeout:g} seconds unless you name a timeout; after a time-out the workflow goes on, and "
        "wait_for_workflow with its run_id waits again. Every call starts a new run. Several calls in one turn run "
        f"side by side.\n{offer.workflows}"
    )
    return ToolSpec(NAME, description, parameters(Args))
