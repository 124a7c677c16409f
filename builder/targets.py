"""What a definition may refer to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.models import Agent
from builder.models import Workflow
from projects.names import name_key


@dataclass(frozen=True)
class Targets:
    """The ids behind the names that a definition may refer to, by key: case does not matter."""

    agents: Mapping[str, int]
    workflows: Mapping[str, int]

    def agent(self, name: str) -> int:
        """The id of the agent called `name`."""
        return self.agents[name_key(name)]

    def workflow(self, name: str) -> int:
        """The id of the workflow called `name`."""
        return self.workflows[name_key(name)]


def targets_in(project_id: int) -> Targets:
    """What definitions of this project may refer to."""
    return Targets(
        agents=dict(Agent.objects.filter(project_id=project_id).values_list("name_key", "pk")),
        workflows=dict(Workflow.objects.filter(project_id=project_id).values_list("name_key", "pk")),
    )
