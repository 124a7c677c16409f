"""The tool `decide_outcome`: says with which outcome the stage shall end."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from agents.runtime.turn import ToolSpec
from agents.tools.shape import DECIDE_OUTCOME, Arguments, Offer, listed, parameters

NAME = "decide_outcome"
CAPABILITY = DECIDE_OUTCOME


class Args(Arguments):
    """A label. Whether the stage has it is the run's business: a wrong one goes back to the model once."""

    outcome: Annotated[str, StringConstraints(max_length=1_000)] = Field(description="One of the labels.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it, with the labels in words: a provider must not pick one for the model."""
    description = (
        f"Decide the outcome of this stage. The labels, exactly as written: {listed(offer.labels)}. "
        "Your last decision counts."
    )
    return ToolSpec(NAME, description, parameters(Args))
