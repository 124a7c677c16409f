"""What a run keeps beside its position, and most runs never have: where a re-run begins, and messages of people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Again:
    """A workflow that a kept stage had called, and that is run again before the re-run goes on."""

    key: str  # of the call, as in the old run
    stage: int  # index of the stage that called it
    workflow: str
    input: Json
    agent: str | None = None  # key of the agent that called it; None: a route
    timeout: float | None = None  # seconds


@dataclass(frozen=True, slots=True)
class Restart:
    """Where a run begins that keeps the earlier stages of another one."""

    stage: int  # index of the stage to begin at
    again: tuple[Again, ...] = ()  # what is run again before, one after the other


@dataclass(frozen=True, slots=True)
class Message:
    """What a person told the run: `to` are the keys of agents that have not heard it; empty: the next to begin."""

    text: str
    by: str
    to: tuple[str, ...] = ()


def beside_to_json(restart: Restart | None, messages: tuple[Message, ...]) -> dict[str, Json]:
    """What is there of both, for the run row's `position`; nothing at all for most runs."""
    found: dict[str, Json] = {}
    if restart is not None:
        found["restart"] = {"stage": restart.stage, "again": [asdict(each) for each in restart.again]}
    if messages:
        found["messages"] = [[message.text, message.by, list(message.to)] for message in messages]
    return found


def restart_from_json(raw: Json) -> Restart | None:
    """The inverse."""
    return Restart(raw["stage"], tuple(Again(**each) for each in raw["again"])) if raw else None


def messages_from_json(raw: Json) -> tuple[Message, ...]:
    """The inverse."""
    return tuple(Message(text, by, tuple(to)) for text, by, to in raw or ())
