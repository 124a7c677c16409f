"""What the engine hands back: the new state, and the rows that the store writes for it in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runs.engine.asking import Voice
from runs.engine.facts import Ask
from runs.engine.state import AgentState, RunState
from runs.engine.status import GateStatus, StageStatus

Json = Any


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One entry of the run's log, before it has a number."""

    kind: str
    stage: str | None = None
    agent: str | None = None
    data: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageChange:
    """A visit to a stage that began, ended, or both."""

    entry: int
    name: str
    position: int
    visit: int
    began: bool
    status: StageStatus
    outcome: str | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class NewGate:
    """A gate to open."""

    key: str
    entry: int
    edge: str
    index: int
    message: str
    deadline: float | None  # seconds from now
    reminder: float | None = None  # seconds to the first one


@dataclass(frozen=True, slots=True)
class ClosedGate:
    """The gate that an answer, its deadline or the end of the run closed."""

    key: str
    status: GateStatus
    answer: dict[str, Json] | None = None
    voices: tuple[Voice, ...] = ()  # everybody's, the decisive one last


@dataclass(frozen=True, slots=True)
class GateChange:
    """An open gate that heard a voice, or was reminded of."""

    key: str
    voices: tuple[Voice, ...]
    reminded: int
    reminder: float | None  # seconds from the opening to the next one


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question of an agent to put into the inbox."""

    key: str
    agent_key: str
    entry: int
    agent: str  # its name
    asked: Ask


@dataclass(frozen=True, slots=True)
class AgentChange:
    """An agent run whose row has to be written; `began` inserts it."""

    state: AgentState
    began: bool
    entry: int
    failed: str | None = None  # the error people read


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """An outcome led to a workflow: the shell resolves it and answers with RouteOpened or RouteRefused."""

    call: str
    entry: int
    workflow: str
    input: Json
    timeout: float | None  # seconds
    agent: str | None = None  # key of the agent whose kept call is made again; None: an outcome's route


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one fact."""

    state: RunState
    events: tuple[NewEvent, ...] = ()
    stages: tuple[StageChange, ...] = ()
    agents: tuple[AgentChange, ...] = ()
    opened: tuple[NewGate, ...] = ()
    asked: tuple[NewQuestion, ...] = ()
    heard: tuple[GateChange, ...] = ()
    closed: tuple[ClosedGate, ...] = ()
    given_up: tuple[str, ...] = ()  # calls nobody waits for any more
    accepted: tuple[str, ...] = ()  # calls of the turn that the store writes, with their children
    route: RouteRequest | None = None
    replies: dict[int, Json] = field(default_factory=dict)  # results of the turn's tools, by place
    ignored: bool = False  # the fact no longer applied

    @property
    def asks_people(self) -> bool:
        """Whether a gate or a question opened, closed, or heard somebody."""
        return bool(self.opened or self.asked or self.heard or self.closed)
