"""What can happen to a run. The shell brings facts in; a fact that no longer applies changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has taken the run up for the first time."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker has claimed an agent that was ready, or whose lease had lapsed."""

    agent: str
    lost: bool = False  # the claim before it was lost with its worker


@dataclass(frozen=True, slots=True)
class Released:
    """A worker gives a claimed agent back untouched."""

    agent: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Share:
    """The agent called `share_results`."""

    index: int  # place of the call in the turn
    results: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Decide:
    """The agent called `decide_outcome`."""

    index: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """The agent asked for a workflow; the shell has already looked the name up."""

    index: int
    call: str  # key of the workflow call: "AGENT KEY/TURN/INDEX"
    workflow: str  # as it is called in the project, or as the agent wrote it when refused
    waits: bool  # False for `start_workflow`
    timeout: float | None = None  # seconds
    run_id: str | None = None  # the child, None when refused
    context: Json = ""
    refusal: str | None = None  # what the agent is told
    detail: str | None = None  # what people are told beside it (the chain of names)
    known: bool = True  # False when no workflow of the project has that name
    counts: bool = True  # a new start counts against the limit; waiting on an old one does not


@dataclass(frozen=True, slots=True)
class Ask:
    """The agent asks a person, and waits for the answer."""

    index: int
    question: str  # key of the question: "AGENT KEY/TURN/INDEX"
    message: str
    options: tuple[str, ...] = ()  # empty: the answer is free text
    timeout: float | None = None  # seconds; None: until somebody answers
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A tool call that was answered at once (refused, malformed, unknown)."""

    index: int
    result: Json


@dataclass(frozen=True, slots=True)
class Pending:
    """A tool call that a worker runs outside the transaction, after the answer is stored."""

    index: int


Act = Share | Decide | Trigger | Ask | Reply | Pending


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """A model answered. `text` is the final text when there are no acts and the agent is done."""

    agent: str
    epoch: int
    text: str | None
    acts: tuple[Act, ...] = ()
    tools: tuple[str, ...] = ()  # names of the tools called, in call order
    message: bool = False  # a text that does not end the agent's work
    last: bool = False  # the model has nothing to add: the agent is done where no tool makes it wait
    usage: Json = None
    warnings: tuple[str, ...] = ()
    turn: int | None = None  # number of this answer; one that is not the next is a double
    heard: int = 0  # how many messages of people were sent with it


@dataclass(frozen=True, slots=True)
class ToolsRun:
    """The pending tools of the last turn have been run; their results are stored with the turn."""

    agent: str
    epoch: int
    turn: int | None = None  # number of the answer that asked for them


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """A model call failed. `delay` is the back-off in seconds with the shell's jitter, before bounds."""

    agent: str
    epoch: int
    passing: bool
    kind: str
    message: str
    jitter: float = 1.0  # 0.5 to 1.0, drawn by the shell
    retry_after: float | None = None  # seconds the provider asked for
    has_spare_model: bool = False


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The back-off of an agent has passed."""

    agent: str


@dataclass(frozen=True, slots=True)
class CallReturned:
    """A workflow that this run waited for has come back, timed out, or was cancelled."""

    call: str
    workflow: str
    envelope: dict[str, Json]
    until: str | None = None


@dataclass(frozen=True, slots=True)
class CallLate:
    """A workflow came back after this run had stopped waiting for it."""

    call: str
    workflow: str
    envelope: dict[str, Json]


@dataclass(frozen=True, slots=True)
class RouteOpened:
    """The child of an outcome-routed call has been created."""

    call: str
    workflow: str
    run_id: str
    input: Json
    timeout: float | None


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """The child of an outcome-routed call could not be started."""

    call: str
    workflow: str
    message: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class GateAnswered:
    """A person chose an option of the open gate, or answered a question of an agent (which may be a comment alone)."""

    gate: str
    option: str
    comment: str
    by: str
    channel: str


@dataclass(frozen=True, slots=True)
class GateExpired:
    """The deadline of the open gate, or of a question, has passed."""

    gate: str


@dataclass(frozen=True, slots=True)
class GateReminded:
    """A reminder of the open gate is due: the one with this number, counted from 1."""

    gate: str
    number: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person, or the run that waited for this one, cancelled it."""

    by: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A person paused the run."""

    by: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A person let a paused run go on."""

    by: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person told the run something; agents hear it with their next turn."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The shell gives the run up: a limit or a defect that no stage can route."""

    code: str
    message: str
    agent: str | None = None


Fact = (
    Started
    | Claimed
    | Released
    | TurnTaken
    | ToolsRun
    | TurnFailed
    | RetryDue
    | CallReturned
    | CallLate
    | RouteOpened
    | RouteRefused
    | GateAnswered
    | GateExpired
    | GateReminded
    | Cancelled
    | Paused
    | Resumed
    | Broken
    | MessageReceived
)
