"""A run in the hands of one transaction: locked, loaded, and what was decided for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from builder.publish import PerVersion, frozen
from builder.spec import FrozenVersion
from projects import gathering, rows
from runs.engine import facts, machine
from runs.engine.decision import Decision
from runs.engine.draft import Definition
from runs.engine.state import RunState, StoredRun, load_state
from runs.engine.status import AgentStatus
from runs.models import (
    WorkflowRun,
)
from runs.schemas import result_problem

Json = Any


@dataclass(frozen=True, slots=True)
class NewRun:
    """Everything that a start decides before a row exists."""

    project_id: int
    workflow_id: int
    workflow_name: str
    version_id: int
    version_number: int
    input: Json
    origin: str
    starter_id: int | None = None
    key: str | None = None
    metadata: dict[str, Json] = field(default_factory=dict)
    dry: Json = None  # how a dry run stands in; None: a run in earnest
    parent_id: UUID | None = None
    depth: int = 0
    lineage: tuple[tuple[int, str], ...] = ()  # of the run that asks, root first; empty for a root
    id: UUID | None = None
    told: dict[str, Json] = field(default_factory=dict)  # what the first event of the log says beside


@PerVersion
def _definition(version_id: int) -> Definition:
    return Definition(frozen(version_id), lambda value: result_problem(version_id, value))


@dataclass(slots=True)
class TurnRecord:
    """One model answer to store: `tools` gets its results from the engine's replies before it is written."""

    agent_key: str
    number: int
    model: str
    request: Json
    response: Json
    tools: list[dict[str, Json]]
    usage: dict[str, Json]
    reasoning: str
    at: datetime
    seconds: float


@dataclass(slots=True)
class Work:
    """A locked run in the hands of one transaction: its row, its state, and the decisions not written yet."""

    row: WorkflowRun
    state: RunState
    decisions: list[Decision] = field(default_factory=list)
    turn: TurnRecord | None = None  # the model answer that this transaction stores
    answerer: int | None = None  # the user account whose answer this transaction brings
    ready_before: frozenset[str] = frozenset()  # agents that were ready when the run was locked
    start: NewRun | None = None  # of a run that is not written yet
    number: gathering.Write | None = None  # its number, where the database works it out

    @property
    def frozen(self) -> FrozenVersion:
        """The definition that the run executes, with its agents."""
        return frozen(self.row.version_id)

    def decide(self, fact: facts.Fact, now: datetime) -> Decision:
        """Let the engine decide; what it decided is written by `save`."""
        decision = machine.decide(_definition(self.row.version_id), self.state, fact, now)
        if not decision.ignored:
            self.decisions.append(decision)
            self.state = decision.state
        return decision


def lock(run_id: UUID) -> Work | None:
    """Load a run for a change, holding its row until the transaction ends; `ahead` of it, the row is not held, and what
    is written has to find it as it was. None when there is no such run."""
    row = rows.fetch(WorkflowRun, run_id, lock=not gathering.is_ahead())
    return None if row is None else work_on(row, state_of(row))


def work_on(row: WorkflowRun, state: RunState) -> Work:
    """A run whose state is known, for facts to be brought to it."""
    ready = frozenset(agent.key for agent in state.agents if agent.status is AgentStatus.READY)
    return Work(row, state, ready_before=ready)


def state_of(row: WorkflowRun) -> RunState:
    """The engine's state as the row holds it."""
    return load_state(StoredRun(row.input, row.status, row.position, row.values, row.warnings, row.result, row.error))
