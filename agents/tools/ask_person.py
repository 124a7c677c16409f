"""The tool `ask_person`: asks the people who watch over the run, and waits for their answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from agents.runtime.turn import ToolSpec
from agents.tools.shape import ASK_PEOPLE, Arguments, Delay, Offer, parameters

NAME = "ask_person"
CAPABILITY = ASK_PEOPLE
_OPTIONS = 20
_CHANNELS = ("inbox", "telegram", "slack", "email")


def _different(options: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(options)) != len(options):
        raise ValueError("must differ from each other")
    if len(options) > _OPTIONS:
        raise ValueError(f"must be at most {_OPTIONS}")
    return options


def _known(channel: str | None) -> str | None:
    if channel is not None and channel not in _CHANNELS:
        raise ValueError(f"must be one of {', '.join(_CHANNELS)}, or null")
    return channel


Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Args(Arguments):
    """`timeout` in seconds; None waits until somebody answers."""

    message: Message = Field(description="The question, with all that a person needs to answer it.")
    options: Annotated[tuple[Label, ...], AfterValidator(_different)] = Field(
        default=(), description="Answers to choose from; empty for an answer in free text."
    )
    channel: Annotated[str | None, AfterValidator(_known)] = Field(
        default=None, description="Where to ask beside the inbox: telegram, slack or email; null for the inbox alone."
    )
    timeout: Delay | None = Field(default=None, description="Seconds to wait; null waits until somebody answers.")


def spec(offer: Offer) -> ToolSpec:
    """The tool as a model sees it."""
    description = (
        "Ask a person and wait for the answer: use it when you need a decision or a fact that only people have. You "
        "get status (answered or timed_out), answer, comment, by and error. Several questions in one turn are asked "
        "side by side."
    )
    return ToolSpec(NAME, description, parameters(Args))
