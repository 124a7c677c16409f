"""The bodies of the run calls, as interfaces.md 5 promises them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from builder.dry import DryPlan
from projects.rest import StrictSchema

Json = Any
Moment = str  # ISO 8601, UTC


class StartBody(StrictSchema):
    """What a start brings: text or a JSON object, and metadata that is kept and echoed."""

    input: Json = ""
    metadata: dict[str, Json] = {}


class DryStartBody(StartBody):
    """What a dry run brings beside: the plan. Left out, the first option is taken everywhere."""

    plan: DryPlan = DryPlan()


class BatchBody(StrictSchema):
    """Up to 100 inputs, started together."""

    inputs: Annotated[list[Json], Field(min_length=1, max_length=100)]


class CancelBody(StrictSchema):
    """Whether the children that the run waits for are cancelled with it."""

    cascade: bool = True


class AnswerBody(StrictSchema):
    """The label of the chosen option, and a comment; a question without options takes the comment alone."""

    option: str = ""
    comment: str = ""


class RerunOfOut(Schema):
    """The run that a re-run or a retry repeats; `run_id` is null when it has been deleted."""

    run_id: str | None
    number: int
    from_stage: str | None


class EmptyBody(StrictSchema):
    """No fields."""


class ResultOut(Schema):
    kind: Literal["structured", "narrative", "notice"]
    value: Json


class ErrorOut(Schema):
    code: str
    message: str
    stage: str | None = None
    agent: str | None = None


class WarningOut(Schema):
    code: str
    message: str
    stage: str | None = None


class ParentOut(Schema):
    run_id: str
    call_id: str | None


class WaitOut(Schema):
    kind: Literal["workflow", "gate", "event", "timer", "retry"]
    id: str
    label: str
    stage: str | None
    agent_run: str | None
    since: Moment
    until: Moment | None


class StageAgentOut(Schema):
    id: str
    agent: str
    status: str
    turns: int


class StageOut(Schema):
    name: str
    visit: int
    status: str
    outcome: str | None
    agents: list[StageAgentOut]


class UsageOut(Schema):
    input_tokens: int
    output_tokens: int
    requests: int
    cost: float


class RunOut(Schema):
    """A run."""

    id: str
    number: int
    project: str
    workflow: str
    version: int
    status: str
    origin: str
    dry: bool  # a dry run: its agents are stand-ins
    depth: int
    input: Json
    metadata: dict[str, Json]
    result: ResultOut | None
    error: ErrorOut | None
    warnings: list[WarningOut]
    parent: ParentOut | None
    rerun_of: RerunOfOut | None
    children: list[str]
    key: str | None
    waiting_on: list[WaitOut]
    stages: list[StageOut]
    usage: UsageOut
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class RunPage(Schema):
    items: list[RunOut]
    next: str | None


class RunsOut(Schema):
    items: list[RunOut]


class RouteOut(Schema):
    """`route` as in the project file; null: the next stage."""

    stage: str
    outcome: str
    route: dict[str, Json] | None
    taken: bool


class RoutesOut(Schema):
    items: list[RouteOut]


class EventOut(Schema):
    seq: int
    at: Moment
    kind: str
    stage: str | None
    agent: str | None
    data: dict[str, Json]


class EventPage(Schema):
    items: list[EventOut]
    next: str | None


class BranchOut(Schema):
    id: str
    number: int
    workflow: str
    status: str
    origin: str
    dry: bool
    depth: int
    parent: str | None
    children: list[str]
    created_at: Moment
    finished_at: Moment | None


class TreeOut(Schema):
    items: list[BranchOut]


class LinkOut(Schema):
    kind: Literal["agent", "run", "stage", "gate", "person", "event", "timer", "retry"]
    id: str | None
    label: str
    since: Moment | None
    until: Moment | None
    then: str


class WhyOut(Schema):
    chain: list[LinkOut]


class TurnOut(Schema):
    request: Json
    response: Json
    tools: list[dict[str, Json]]
    usage: dict[str, Json]
    at: Moment
    seconds: float


class AgentWorkOut(Schema):
    agent: str
    query: Json
    result: str | None
    reasoning: str
    status: str
    error: str | None
    attempts: int
    execution_time: float | None
    turns: list[TurnOut]
    usage: UsageOut


class OptionOut(Schema):
    label: str
    outcome: str | None


class GateAnswerOut(Schema):
    option: str | None
    outcome: str | None
    comment: str
    by: str | None
    channel: str | None
    at: Moment


class VoiceOut(Schema):
    option: str
    comment: str
    by: str
    channel: str
    at: Moment


class GateOut(Schema):
    """A gate, or (`kind` question) what an agent asks: `name` is the agent's then, and `options` may be empty."""

    id: str
    kind: Literal["gate", "question"]
    run_id: str
    agent_run: str | None
    stage: str
    name: str
    message: str
    options: list[OptionOut]
    status: Literal["open", "answered", "expired", "cancelled"]
    opened_at: Moment
    deadline: Moment | None
    approvers: list[str]
    quorum: int
    starter_may_answer: bool
    answers: list[VoiceOut]  # so far, where one person alone does not decide
    answer: GateAnswerOut | None


class GatePage(Schema):
    items: list[GateOut]
    next: str | None
