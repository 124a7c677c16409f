"""The tool `schedule_workflow`: starts a workflow later."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from agents.runtime.turn import ToolSpec
from agents.tools.shape import (
    TRIGGER_WORKFLOWS,
    Arguments,
    Context,
    Delay,
    Name,
    Offer,
    Reference,
    exactly_one,
    parameters,
)

NAME = "schedule_workflow"
CAPABILITY = TRIGGER_WORKFLOWS


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a date and time with its time zone, such as 2027-03-01T09:00:00+01:00")
    return text


class Args(Arguments):
    """When to start: after `delay` seconds, `at` a moment (ISO 8601 with zone), or by `cron` (five fields)."""

    workflow: Name = Field(description="Name of the workflow, as listed at trigger_workflow.")
    context: Context = Field(default="", description="What the workflow gets to work with: text or an object.")
    delay: Delay | None = Field(default=None, description="Seconds from now, 1 to 31536000.")
    at: Annotated[Reference, AfterValidator(_moment)] | None = Field(
        default=None, description="Date and time with time zone, ISO 8601, such as 2027-03-01T09:00:00+01:00."
    )
    cron: Reference | None = Field(default=None, description="Five cron fields. Not available yet.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        exactly_one({"delay": self.delay, "at": self.at, "cron": self.cron})
        return self


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = "Start a workflow later, once: give exactly one of delay and at. Returns the id of the schedule."
    return ToolSpec(NAME, description, parameters(Args))
