"""Short ways to write the definitions that the engine's tests run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from builder.spec import AgentSpec, FrozenVersion, WorkflowSpec
from runs.engine.draft import Definition

Json = Any
Block = Mapping[str, Json]


def stage(name: str, *assignments: str | Block, **fields: Json) -> dict[str, Json]:
    """A stage's block; an assignment may be just the agent's name."""
    blocks = [{"agent": each} if isinstance(each, str) else dict(each) for each in assignments]
    return {"name": name, "assignments": blocks, **fields}


def on(agent: str, **fields: Json) -> dict[str, Json]:
    """An assignment's block."""
    return {"agent": agent, **fields}


def approval(options: Mapping[str, str | None], **fields: Json) -> dict[str, Json]:
    """A gate's block; `options` maps labels to outcomes."""
    return {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": dict(options), **fields}


def to_stage(name: str) -> dict[str, Json]:
    """A route to a stage, or to the end."""
    return {"stage": name}


def to_workflow(name: str, *, then: str = "end", **fields: Json) -> dict[str, Json]:
    """A route to a workflow; `then` is where the run continues."""
    return {"workflow": name, "continue_at": then, **fields}


def _fits(value: Json) -> str | None:
    return None


def definition(*stages: Block, name: str = "Main", check: Callable[[Json], str | None] = _fits) -> Definition:
    """A frozen workflow of these stages, with every agent that they name; `check` judges the result."""
    spec = WorkflowSpec.model_validate({"name": name, "stages": [dict(block) for block in stages]})
    assignments = [assignment for each in spec.stages for assignment in each.assignments]
    names = {each.agent for each in assignments} | {each.fallback_agent for each in assignments if each.fallback_agent}
    return Definition(FrozenVersion(workflow=spec, agents=tuple(AgentSpec(name=each) for each in sorted(names))), check)
