"""Writes of agents' own rows. Callers authorise, validate, hold the project's lock and free frozen versions:
`builder.operations.agents` does all of that, because only the builder knows where an agent is assigned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agents.models import Agent
from projects.names import name_key


@dataclass(frozen=True)
class AgentFields:
    """What is known of an agent; scripts are lists of steps as JSON."""

    name: str
    role: str
    perspective: str
    model: str | None
    fallback_model: str | None
    script: list[Any]
    subagent_script: list[Any]


def write_agent(agent: Agent, fields: AgentFields) -> Agent:
    """Make the row of `agent` hold `fields`, and count the edit. A new agent needs its project only."""
    agent.name, agent.name_key = fields.name, name_key(fields.name)
    agent.role, agent.perspective = fields.role, fields.perspective
    agent.model, agent.fallback_model = fields.model, fields.fallback_model
    agent.script, agent.subagent_script = fields.script, fields.subagent_script
    agent.version = 1 if agent.pk is None else agent.version + 1
    agent.save()
    return agent
