"""The steps of a scripted model, as the project file stores them. Playing them is `agents.runtime.scripted`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

# Lax numbers would let "5" and true through: what a file says must be what it means.
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
# 120 stays 120 on export, 1.5 stays 1.5.
Number = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False),
    PlainSerializer(lambda value: int(value) if float(value).is_integer() else value, return_type=float | int),
]


class Block(BaseModel):
    """One block of the project file: never changed once made, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Op(StrEnum):
    """How a condition compares the value at its path with its own."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    GT = "gt"
    CONTAINS = "contains"
    EXISTS = "exists"


class Condition(Block):
    """`{path, op, value}`: a look-up and a comparison; see `agents.runtime.values.holds`."""

    path: Annotated[str, Field(min_length=1, max_length=1_000)]
    op: Op
    value: JsonValue = None


class Failure(StrEnum):
    """What a scripted provider can answer instead of a turn."""

    RATE_LIMIT = "rate_limit"  # passing: HTTP 429
    SERVER_ERROR = "server_error"  # passing: HTTP 500
    TIMEOUT = "timeout"  # passing: no answer in time
    BAD_REQUEST = "bad_request"  # permanent: HTTP 400


class TriggerCall(Block):
    """The arguments of a `trigger_workflow` step. They go to the tool as they are: bounds are the tool's business."""

    workflow: str
    context: JsonValue = ""
    timeout: Number | None = None


# The verbs of a step. A step has exactly one of them; `sleep` may also stand beside another or alone.
CALLS = ("share", "decide", "trigger_workflow", "call")
VERBS = ("say", *CALLS, "together", "message", "fail")


class Step(Block):
    """One model turn of a script; fields that are not set are None. Seconds for `sleep`."""

    say: str | None = None
    share: dict[str, JsonValue] | None = None
    decide: str | None = None
    trigger_workflow: TriggerCall | None = None
    call: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    args: dict[str, JsonValue] | None = None
    together: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)] | None = None
    message: str | None = None
    sleep: Annotated[Number, Field(ge=0, le=86_400)] | None = None
    fail: Failure | None = None
    times: Annotated[Whole, Field(ge=1, le=1_000)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    when: Condition | None = None

    @property
    def verb(self) -> str:
        """The name of the field that says what this turn does; `sleep` where it only sleeps."""
        return next((verb for verb in VERBS if getattr(self, verb) is not None), "sleep")

    @model_validator(mode="after")
    def _one_turn(self) -> Self:
        verbs = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(verbs) > 1:
            raise ValueError(f"a step does one thing; this one says {' and '.join(verbs)}")
        if not verbs and self.sleep is None:
            raise ValueError(f"a step needs one of {', '.join(VERBS)} or sleep")
        if self.args is not None and self.call is None:
            raise ValueError("args belong to a call")
        if self.times is not None and self.fail is None:
            raise ValueError("times belongs to a fail")
        if self.reason is not None and self.fail is None:
            raise ValueError("reason belongs to a fail")
        for inner in self.together or ():
            if inner.verb not in CALLS or inner.sleep is not None:
                raise ValueError(f"together takes tool calls only ({', '.join(CALLS)})")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A step is exported as it was written: a dozen nulls beside `say` would help nobody."""
        return {name: value for name, value in handler(self).items() if value is not None}
