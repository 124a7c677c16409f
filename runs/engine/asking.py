"""What a run asks of people: the open gate with its voices, and the questions of its agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person answered at a gate; `at` is ISO 8601 in UTC."""

    by: str
    option: str
    comment: str
    channel: str
    at: str

    def to_json(self) -> dict[str, Json]:
        """As the API and the gate's row show it."""
        return {
            "option": self.option,
            "comment": self.comment,
            "by": self.by,
            "channel": self.channel,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class OpenGate:
    """The gate that the run waits at."""

    key: str  # "ENTRY/EDGE/INDEX"
    edge: str  # "entry" or "exit"
    index: int  # of the hook at that edge
    voices: tuple[Voice, ...] = ()  # one of each person, where one alone does not decide
    reminded: int = 0  # how many of its reminders have been sent or passed


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an agent that nobody has answered yet."""

    key: str  # "AGENT KEY/TURN/INDEX"
    options: tuple[str, ...] = ()  # empty: the answer is free text


def gate_to_json(gate: OpenGate | None) -> Json:
    """For the run row's position."""
    if gate is None:
        return None
    voices = [[voice.by, voice.option, voice.comment, voice.channel, voice.at] for voice in gate.voices]
    return [gate.key, gate.edge, gate.index, voices, gate.reminded]


def gate_from_json(raw: Json) -> OpenGate | None:
    """The inverse; a gate that an older version of Baton opened has neither voices nor reminders."""
    if not raw:
        return None
    key, edge, index, *more = raw
    voices, reminded = more or ([], 0)
    return OpenGate(key, edge, index, tuple(Voice(*voice) for voice in voices), reminded)


def questions_to_json(questions: tuple[Question, ...]) -> Json:
    """For the agent's part of the run row's position."""
    return [[question.key, list(question.options)] for question in questions]


def questions_from_json(raw: Json) -> tuple[Question, ...]:
    """The inverse."""
    return tuple(Question(key, tuple(options)) for key, options in raw)
