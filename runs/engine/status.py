"""Every status of a run and its parts, with the moves between them. `docs/states.md` shows the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunStatus(StrEnum):
    """Where a workflow run stands."""

    QUEUED = "queued"  # accepted and committed, no worker has taken it up yet
    RUNNING = "running"  # at least one agent is ready or at work
    WAITING = "waiting"  # nothing to do until a child run, a person, an event or a timer answers
    PAUSED = "paused"  # a person stopped it at a boundary; facts are kept, nothing new starts
    COMPLETED = "completed"  # final
    FAILED = "failed"  # final
    CANCELLED = "cancelled"  # final


class StageStatus(StrEnum):
    """Where one visit to a stage stands."""

    RUNNING = "running"  # its hooks or agents are under way, or its routed workflow is
    DONE = "done"  # it ended and its outcome was routed
    FAILED = "failed"  # an agent or a required hook failed it
    CANCELLED = "cancelled"  # the run was cancelled while it was under way


class AgentStatus(StrEnum):
    """Where one agent at work in one stage visit stands."""

    READY = "ready"  # has something to do, no worker has claimed it
    RUNNING = "running"  # claimed by a worker under a lease
    BLOCKED = "blocked"  # waits for workflows it triggered; holds no worker
    RETRYING = "retrying"  # its model failed for a passing reason; a timer will make it ready
    DONE = "done"  # gave its final text
    FAILED = "failed"  # gave up after its retries
    CANCELLED = "cancelled"  # the run or its stage ended without it


class CallStatus(StrEnum):
    """Where a workflow call (the link between a caller and the run it triggered) stands."""

    WAITING = "waiting"  # the caller waits for the child
    STARTED = "started"  # in the background: nobody waits
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"  # the wait ended; the child goes on
    CANCELLED = "cancelled"
    REFUSED = "refused"  # no child was started


class GateStatus(StrEnum):
    """Where a gate (a blocking hook that asks a person) stands."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset(
        {
            RunStatus.RUNNING,
            RunStatus.WAITING,
            RunStatus.PAUSED,
            RunStatus.COMPLETED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.RUNNING: frozenset(
        {RunStatus.WAITING, RunStatus.PAUSED, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.WAITING: frozenset(
        {RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.PAUSED: frozenset(
        {RunStatus.RUNNING, RunStatus.WAITING, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}

STAGE_MOVES: Mapping[StageStatus, frozenset[StageStatus]] = {
    StageStatus.RUNNING: frozenset({StageStatus.DONE, StageStatus.FAILED, StageStatus.CANCELLED}),
    StageStatus.DONE: frozenset(),
    StageStatus.FAILED: frozenset(),
    StageStatus.CANCELLED: frozenset(),
}

AGENT_MOVES: Mapping[AgentStatus, frozenset[AgentStatus]] = {
    AgentStatus.READY: frozenset({AgentStatus.RUNNING, AgentStatus.CANCELLED}),
    AgentStatus.RUNNING: frozenset(
        {
            AgentStatus.READY,
            AgentStatus.BLOCKED,
            AgentStatus.RETRYING,
            AgentStatus.DONE,
            AgentStatus.FAILED,
            AgentStatus.CANCELLED,
        }
    ),
    AgentStatus.BLOCKED: frozenset({AgentStatus.READY, AgentStatus.CANCELLED}),
    AgentStatus.RETRYING: frozenset({AgentStatus.READY, AgentStatus.CANCELLED}),
    AgentStatus.DONE: frozenset(),
    AgentStatus.FAILED: frozenset(),
    AgentStatus.CANCELLED: frozenset(),
}

CALL_MOVES: Mapping[CallStatus, frozenset[CallStatus]] = {
    CallStatus.WAITING: frozenset(
        {CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.TIMED_OUT, CallStatus.CANCELLED}
    ),
    CallStatus.STARTED: frozenset(),
    CallStatus.COMPLETED: frozenset(),
    CallStatus.FAILED: frozenset(),
    CallStatus.TIMED_OUT: frozenset(),
    CallStatus.CANCELLED: frozenset(),
    CallStatus.REFUSED: frozenset(),
}

GATE_MOVES: Mapping[GateStatus, frozenset[GateStatus]] = {
    GateStatus.OPEN: frozenset({GateStatus.ANSWERED, GateStatus.EXPIRED, GateStatus.CANCELLED}),
    GateStatus.ANSWERED: frozenset(),
    GateStatus.EXPIRED: frozenset(),
    GateStatus.CANCELLED: frozenset(),
}

FINAL_RUN = frozenset(status for status, moves in RUN_MOVES.items() if not moves)
FINAL_AGENT = frozenset(status for status, moves in AGENT_MOVES.items() if not moves)
