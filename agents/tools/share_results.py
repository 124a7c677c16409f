"""The tool `share_results`: writes into the key-value store of the run."""

from __future__ import annotations

from pydantic import Field

from agents.runtime.turn import ToolSpec
from agents.tools.shape import Arguments, Offer, Results, parameters

NAME = "share_results"
CAPABILITY = None


class Args(Arguments):
    """Names and values; a later value of a name replaces an earlier one."""

    results: Results = Field(description='Names and values to share, for example {"headline": "…", "score": 7}.')


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = (
        "Share named results with every later stage of this workflow. They also become the workflow's result. "
        "Sharing a name again replaces its value."
    )
    return ToolSpec(NAME, description, parameters(Args))
