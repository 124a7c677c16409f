"""A triggered workflow that is not run: one stage with one stand-in that answers at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.runtime.models import SCRIPTED
from agents.runtime.script import Failure, Step
from builder.dry.plain import plain
from builder.dry.plan import ChildPlan
from builder.dry.samples import sample
from builder.spec import AgentSpec, AssignmentSpec, FrozenVersion, Retries, StageSpec

Json = Any
STAGE = "Mock"
AGENT = "Stand-in"


def mocked(version: FrozenVersion, plan: ChildPlan) -> FrozenVersion:
    """`version` as a mock that completes with the plan's result or fails with its error.

    Its input is still checked: a caller that brings what the workflow refuses is refused.
    """
    stage = StageSpec(
        name=STAGE,
        task=f"{version.workflow.name} is not run: its result is part of the plan of this dry run.",
        assignments=(AssignmentSpec(agent=AGENT, retries=Retries(attempts=1)),),
    )
    workflow = version.workflow.model_copy(update={"stages": (stage,), "triggers": (), "output_schema": None})
    script = _failing(plan) if plan.do == "fail" else _answering(mock_result(version, plan))
    return FrozenVersion(
        workflow=workflow, agents=(AgentSpec(name=AGENT, model=SCRIPTED, script=script),), default_model=SCRIPTED
    )


def mock_result(version: FrozenVersion, plan: ChildPlan) -> Json:
    """What the mock returns: the plan's result, else a sample that fits the output schema, else a sentence."""
    if plan.result is not None:
        return plan.result
    schema = version.workflow.output_schema
    return f"Mocked result of {version.workflow.name}." if schema is None else sample(schema)


def _answering(result: Json) -> tuple[Step, ...]:
    if isinstance(result, Mapping):
        return (Step(share=plain(dict(result))), Step(say="The plan's result.")) if result else (Step(say=""),)
    return (Step(say=plain(str(result))),)


def _failing(plan: ChildPlan) -> tuple[Step, ...]:
    return (Step(fail=Failure.BAD_REQUEST, reason=plan.error or "the plan of the dry run lets it fail"),)
