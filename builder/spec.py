"""The one definition type: the project file, the API's bodies and the frozen versions that runs execute.

These types say what one object can know about itself. What needs a second object (dangling names, twins, reserved
names, cron, schemas) is in `builder.validation`, which also words the problems and gives them their paths.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, JsonValue, Tag, model_validator

from agents.runtime.script import Block, Condition, Flag, Number, Step, Whole

FORMAT = "baton/1"
END = "end"

# The limits of the project file.
MAX_STAGES = 1_000
MAX_ASSIGNMENTS = 100
DAY = 86_400
YEAR = 31_536_000

Name = str  # the rules of names are checked by builder.validation, where the twins are known too
Wait = Annotated[Number, Field(ge=1, le=DAY)]  # seconds
Deadlined = Annotated[Number, Field(ge=1, le=YEAR)]  # seconds
Pause = Annotated[Number, Field(ge=0, le=3_600)]  # seconds
Rounds = Annotated[Whole, Field(ge=1, le=1_000)]
Words = Annotated[str, Field(max_length=500)]  # a reference to a thing outside the file: an address, an event's type
Schema = dict[str, JsonValue]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]{0,4000}$")]


def _model_name(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("must be printable, without a space before or after")
    return text


ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_model_name)]


def _template_tag(value: Any) -> str | None:
    if isinstance(value, str):
        return "<text>"
    return "<object>" if isinstance(value, dict) else None


# Text, or an object whose strings may name values. Tags are written in angles, here and below, so that
# `builder.validation` can take them out of pydantic's paths.
Template = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[dict[str, JsonValue], Tag("<object>")],
    Discriminator(_template_tag, custom_error_type="template_type", custom_error_message="must be text or an object"),
]


class Mode(StrEnum):
    """How the agents of a stage work."""

    PARALLEL = "parallel"  # all at the same time
    SEQUENCE = "sequence"  # in position order, each sees what those before it produced
    CONVERSATION = "conversation"  # a round table, in cycles


class Capability(StrEnum):
    """What an assignment's agent may do beside answering; all off by default."""

    TRIGGER_WORKFLOWS = "trigger_workflows"
    DECIDE_OUTCOME = "decide_outcome"
    ASK_PEOPLE = "ask_people"
    USE_SUBAGENTS = "use_subagents"


class OnFailure(StrEnum):
    """What an agent that failed after all its retries does to its stage."""

    FAIL = "fail"  # the stage fails
    CONTINUE = "continue"  # the error takes the place of its output, the others go on


class AgentSpec(Block):
    """An agent: who it is, and which model it thinks with."""

    name: Name
    role: str = ""
    perspective: str = ""
    model: ModelName | None = None
    fallback_model: ModelName | None = None
    script: tuple[Step, ...] = ()
    subagent_script: tuple[Step, ...] = ()


class Retries(Block):
    """How often a model call is tried, and the pauses between (seconds, growing from `backoff` to `max_backoff`)."""

    attempts: Annotated[Whole, Field(ge=1, le=10)] = 3
    backoff: Pause = 1.0
    max_backoff: Pause = 60


class AssignmentSpec(Block):
    """An agent put on a stage, with a directive and its toggles. Times are seconds."""

    agent: Name
    directive: str = ""
    capabilities: tuple[Capability, ...] = ()
    allowed_workflows: tuple[Name, ...] = ()
    share: tuple[str, ...] = ()
    retries: Retries = Retries()
    timeout: Wait = 120
    trigger_timeout: Wait = 300
    workflow_tools: Flag = False
    fallback_agent: Name | None = None
    last_resort: str | None = None
    on_failure: OnFailure = OnFailure.FAIL

    def can(self, capability: Capability) -> bool:
        """Whether `capability` is switched on."""
        return capability in self.capabilities


class StageRoute(Block):
    """A route to a stage of the same workflow; the stage `end` completes the run."""

    stage: Name


class WorkflowRoute(Block):
    """A route to another workflow: it runs with `input`, then this run goes on at `continue_at`. Timeout in seconds."""

    workflow: Name
    input: Template = ""
    continue_at: Name
    timeout: Wait | None = None


def _route_tag(value: Any) -> str | None:
    if isinstance(value, (StageRoute, WorkflowRoute)):
        return "<stage>" if isinstance(value, StageRoute) else "<workflow>"
    if not isinstance(value, dict) or ("stage" in value) is ("workflow" in value):
        return None
    return "<stage>" if "stage" in value else "<workflow>"


Route = Annotated[
    Annotated[StageRoute, Tag("<stage>")] | Annotated[WorkflowRoute, Tag("<workflow>")],
    Discriminator(
        _route_tag,
        custom_error_type="route_target",
        custom_error_message="a route has one target: a stage or a workflow",
    ),
]


class Deadline(Block):
    """When a wait expires (seconds after it began), and the outcome that this decides; null decides none."""

    after: Deadlined
    outcome: str | None = None


class HookBase(Block):
    """What every hook has."""

    kind: str
    name: str = ""
    output_key: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    when: Condition | None = None


class ApprovalHook(HookBase):
    """A gate: it asks a person and holds the stage until one answers. `options` maps labels to outcomes."""

    kind: Literal["approval"] = "approval"
    message: str
    options: Annotated[dict[str, str | None], Field(min_length=1, max_length=100)]
    channels: tuple[Literal["inbox", "telegram", "slack", "email"], ...] = ("inbox",)
    deadline: Deadline | None = None
    reminders: Annotated[tuple[Deadlined, ...], Field(max_length=100)] = ()
    approvers: tuple[str, ...] = ()
    quorum: Annotated[Whole, Field(ge=1, le=100)] = 1
    starter_may_answer: Flag = True


class PlainHook(HookBase):
    """What the hooks have that ask nobody."""

    required: Flag = False


class HttpHook(PlainHook):
    """An HTTP request. `effect` says whether it may be sent again: pure and keyed may, unkeyed may not."""

    kind: Literal["http"] = "http"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]\S*$", max_length=2_000)]
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=100)] = Field(default_factory=dict)
    body: JsonValue = None
    timeout: Wait = 30
    effect: Literal["pure", "keyed", "unkeyed"] = "keyed"


class MessageHook(PlainHook):
    """A message to a person or a group."""

    kind: Literal["telegram", "slack", "email"]
    to: Words = ""
    message: str


class WaitHook(PlainHook):
    """Waits for a duration (seconds) or until a date (ISO 8601 with its offset)."""

    kind: Literal["wait"] = "wait"
    seconds: Deadlined | None = None
    until: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        _exactly_one(self, "seconds", "until")
        _moment(self.until, "until")
        return self


class EventHook(PlainHook):
    """Waits for an event of a type."""

    kind: Literal["event"] = "event"
    type: Annotated[Words, Field(min_length=1)]
    deadline: Deadline | None = None


class WorkflowHook(PlainHook):
    """Starts a workflow in the background."""

    kind: Literal["workflow"] = "workflow"
    workflow: Name
    input: Template = ""


HOOK_KINDS = ("approval", "http", "telegram", "slack", "email", "wait", "event", "workflow")
_MESSAGE_KINDS = ("telegram", "slack", "email")


def _kind_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


def _hook_tag(value: Any) -> str | None:
    kind = _kind_of(value)
    if kind in _MESSAGE_KINDS:
        return "<message>"
    return f"<{kind}>" if kind in HOOK_KINDS else None


Hook = Annotated[
    Annotated[ApprovalHook, Tag("<approval>")]
    | Annotated[HttpHook, Tag("<http>")]
    | Annotated[MessageHook, Tag("<message>")]
    | Annotated[WaitHook, Tag("<wait>")]
    | Annotated[EventHook, Tag("<event>")]
    | Annotated[WorkflowHook, Tag("<workflow>")],
    Discriminator(
        _hook_tag,
        custom_error_type="hook_kind",
        custom_error_message=f"a hook's kind is one of {', '.join(HOOK_KINDS)}",
    ),
]


class TriggerBase(Block):
    """What every trigger has."""

    kind: str
    name: str = ""
    input: Template = ""
    enabled: Flag = False


class TimedTrigger(TriggerBase):
    """A trigger of the clock. `missed` says what becomes of a time that passed while nothing was up."""

    missed: Literal["skip", "run_once"] = "run_once"


class ScheduleTrigger(TimedTrigger):
    """By cron (five fields) in a time zone, optionally from a start to an end (ISO 8601 with offset)."""

    kind: Literal["schedule"] = "schedule"
    cron: Annotated[str, Field(max_length=200)]
    timezone: Annotated[str, Field(max_length=100)] = "UTC"
    start: str | None = None
    end: str | None = None

    @model_validator(mode="after")
    def _moments(self) -> Self:
        start, end = _moment(self.start, "start"), _moment(self.end, "end")
        if start and end and end <= start:
            raise ValueError("the end of a schedule comes after its start")
        return self


class IntervalTrigger(TimedTrigger):
    """Every so many seconds."""

    kind: Literal["interval"] = "interval"
    seconds: Deadlined


class OnceTrigger(TimedTrigger):
    """At a date (ISO 8601 with offset), or so many seconds after it was enabled."""

    kind: Literal["once"] = "once"
    at: str | None = None
    after: Deadlined | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        _exactly_one(self, "at", "after")
        _moment(self.at, "at")
        return self


class WebhookTrigger(TriggerBase):
    """By a request from outside; how it is signed. Its secret is never in a file."""

    kind: Literal["webhook"] = "webhook"
    signature: Literal["baton", "github", "none"] = "baton"


TRIGGER_KINDS = ("schedule", "interval", "once", "webhook")


def _trigger_tag(value: Any) -> str | None:
    kind = _kind_of(value)
    return f"<{kind}>" if kind in TRIGGER_KINDS else None


Trigger = Annotated[
    Annotated[ScheduleTrigger, Tag("<schedule>")]
    | Annotated[IntervalTrigger, Tag("<interval>")]
    | Annotated[OnceTrigger, Tag("<once>")]
    | Annotated[WebhookTrigger, Tag("<webhook>")],
    Discriminator(
        _trigger_tag,
        custom_error_type="trigger_kind",
        custom_error_message=f"a trigger's kind is one of {', '.join(TRIGGER_KINDS)}",
    ),
]


class StageSpec(Block):
    """One stage: who works on it, how it can end and where each ending leads."""

    name: Name
    task: str = ""
    mode: Mode = Mode.PARALLEL
    max_cycles: Rounds = 30
    max_visits: Rounds = 5
    assignments: Annotated[tuple[AssignmentSpec, ...], Field(max_length=MAX_ASSIGNMENTS)] = ()
    outcomes: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    default_outcome: str | None = None
    routes: dict[str, Route] = Field(default_factory=dict)
    entry_hooks: Annotated[tuple[Hook, ...], Field(max_length=100)] = ()
    exit_hooks: Annotated[tuple[Hook, ...], Field(max_length=100)] = ()


class WorkflowSpec(Block):
    """A workflow's block of the project file."""

    name: Name
    description: str = ""
    input_schema: Schema | None = None
    output_schema: Schema | None = None
    stages: Annotated[tuple[StageSpec, ...], Field(min_length=1, max_length=MAX_STAGES)]
    triggers: Annotated[tuple[Trigger, ...], Field(max_length=100)] = ()


class ProjectBlock(Block):
    """The project's own settings in its file."""

    name: Name
    default_model: ModelName | None = None


class ProjectFile(Block):
    """A whole project file, `baton/1`."""

    format: Literal["baton/1"]
    project: ProjectBlock
    agents: tuple[AgentSpec, ...] = ()
    workflows: tuple[WorkflowSpec, ...] = ()


class FrozenVersion(Block):
    """What a run executes: a workflow as it stood, the agents it names, and the project's default model."""

    workflow: WorkflowSpec
    agents: tuple[AgentSpec, ...]
    default_model: ModelName | None = None

    @cached_property
    def _agents(self) -> dict[str, AgentSpec]:
        return {agent.name: agent for agent in self.agents}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {stage.name: position for position, stage in enumerate(self.workflow.stages)}

    def agent(self, name: str) -> AgentSpec:
        """The frozen agent of this name. Raises KeyError: a version names only agents that it holds."""
        return self._agents[name]

    def stage_index(self, name: str) -> int:
        """The position of the stage of this name, from 0. Raises KeyError."""
        return self._positions[name]


def _exactly_one(block: Block, first: str, second: str) -> None:
    if (getattr(block, first) is None) is (getattr(block, second) is None):
        raise ValueError(f"give either {first} or {second}")


def _moment(text: str | None, field: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{field} is no date: write 2027-01-31T09:00:00+01:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"{field} needs its offset: write 2027-01-31T09:00:00+01:00")
    return moment
