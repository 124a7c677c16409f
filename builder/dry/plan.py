"""What a person chooses for a dry run. Everything may be left out: the first option is the default everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from agents.runtime.script import Block, TriggerCall

MAX_TEXT = 10_000  # characters of one text of a stand-in

Text = Annotated[str, Field(max_length=MAX_TEXT)]


class StagePlan(Block):
    """How the stand-ins of one stage behave; agents are named as on the stage."""

    # By visit, the first one first; the last one counts for all later visits. Empty: the first that can be chosen.
    outcomes: Annotated[tuple[str, ...], Field(max_length=1_000)] = ()
    # The workflows that an agent triggers. An agent that is not named triggers those that it is told to.
    triggers: dict[str, Annotated[tuple[str | TriggerCall, ...], Field(max_length=20)]] = Field(default_factory=dict)
    says: dict[str, Text] = Field(default_factory=dict)  # the final text of an agent
    results: dict[str, JsonValue] = Field(default_factory=dict)  # shared by whoever is expected to share the name


class ChildPlan(Block):
    """What becomes of a triggered workflow: a mock that completes or fails, or a dry run of its own."""

    do: Literal["complete", "fail", "run"] = "complete"
    result: JsonValue = None  # of a mock that completes: text, or an object; null: a sample
    error: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None  # of a mock that fails
    stages: dict[str, StagePlan] = Field(default_factory=dict)  # of a dry run


class DryPlan(Block):
    """A whole plan: the stages of the workflow, the workflows that are triggered, by name, and its gates."""

    stages: dict[str, StagePlan] = Field(default_factory=dict)
    workflows: dict[str, ChildPlan] = Field(default_factory=dict)
    gates: Literal["answer", "ask"] = "answer"  # whether the plan answers them, or people are asked as ever
