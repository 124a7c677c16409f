"""Short ways to write the project files that the tests import: agents stand where they work, scripts are steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
Block = dict[str, Json]

_OF_ASSIGNMENTS = frozenset(
    {
        "directive",
        "allowed_workflows",
        "share",
        "retries",
        "timeout",
        "trigger_timeout",
        "workflow_tools",
        "fallback_agent",
        "last_resort",
        "on_failure",
    }
)
CALLER = ("trigger_workflows",)
DECIDER = ("decide_outcome",)


@dataclass(frozen=True)
class Cast:
    """An agent together with its assignment on one stage."""

    agent: Block
    assignment: Block


def agent(name: str, *script: Block, can: Iterable[str] = (), **fields: Json) -> Cast:
    """An agent with its script, assigned; fields of either block may be given. `can` are its capabilities."""
    assignment = {key: value for key, value in fields.items() if key in _OF_ASSIGNMENTS}
    own = {key: value for key, value in fields.items() if key not in _OF_ASSIGNMENTS}
    return Cast(
        {"name": name, "model": "scripted", "script": list(script), **own},
        {"agent": name, "capabilities": list(can), **assignment},
    )


def stage(name: str, *cast: Cast, **fields: Json) -> Block:
    """A stage with its agents."""
    return {"name": name, "assignments": list(cast), **fields}


def workflow(name: str, *stages: Block, **fields: Json) -> Block:
    """A workflow of these stages."""
    return {"name": name, "stages": list(stages), **fields}


def simple(name: str, *script: Block, **fields: Json) -> Block:
    """A workflow of one stage with one agent, called after it."""
    return workflow(name, stage("Only", agent(f"{name} agent", *script, **fields)))


def gate(options: Mapping[str, str | None], **fields: Json) -> Block:
    """An approval hook; `options` maps labels to outcomes."""
    return {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": dict(options), **fields}


def gated(name: str, **fields: Json) -> Block:
    """A workflow that waits for a person and then ends."""
    return workflow(name, stage("Ask", outcomes=["yes", "no"], exit_hooks=[gate({"Yes": "yes", "No": "no"}, **fields)]))


def to_workflow(name: str, *, then: str = "end", **fields: Json) -> Block:
    """A route to a workflow; `then` is continue at."""
    return {"workflow": name, "continue_at": then, **fields}


def routed(name: str, route: Block, *stages: Block) -> Block:
    """A workflow whose first stage, without agents, always takes a route; more stages follow."""
    return workflow(name, stage("Go", outcomes=["go"], default_outcome="go", routes={"go": route}), *stages)


# Steps of scripts


def say(text: str) -> Block:
    """The final text."""
    return {"say": text}


def share(**results: Json) -> Block:
    """Shares results."""
    return {"share": results}


def decide(outcome: str) -> Block:
    """Decides the outcome."""
    return {"decide": outcome}


def trigger(name: str, context: Json = "", **more: Json) -> Block:
    """Triggers a workflow and waits; `timeout` in seconds."""
    return {"trigger_workflow": {"workflow": name, "context": context, **more}}


def call(tool: str, **args: Json) -> Block:
    """Calls any tool."""
    return {"call": tool, "args": args}


def together(*steps: Block) -> Block:
    """Several tool calls in one turn."""
    return {"together": list(steps)}


def after(seconds: float, step: Block) -> Block:
    """The step, answered only after some seconds."""
    return {**step, "sleep": seconds}


def fail(kind: str, times: int = 1) -> Block:
    """The provider's answer is this error, so many times."""
    return {"fail": kind, "times": times}


def project_file(name: str, *workflows: Block, agents: Iterable[Cast] = (), **project: Json) -> Block:
    """The project file of these workflows, with every agent that works in them; `agents` adds others."""
    found: dict[str, Block] = {}
    for cast in [*agents, *(cast for each in workflows for one in each["stages"] for cast in one["assignments"])]:
        if found.setdefault(cast.agent["name"], cast.agent) != cast.agent:
            raise ValueError(f"two different agents are called {cast.agent['name']}")
    return {
        "format": "baton/1",
        "project": {"name": name, **project},
        "agents": list(found.values()),
        "workflows": [
            {
                **each,
                "stages": [
                    {**one, "assignments": [cast.assignment for cast in one["assignments"]]} for one in each["stages"]
                ],
            }
            for each in workflows
        ],
    }
