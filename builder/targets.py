"""What a definition may refer to, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from agents.models import Agent
from builder.models import Workflow
from projects.names import name_key


@dataclass
class Targets:
    """The ids behind the names that a definition may refer to, read when one is asked for; case does not matter."""

    project_id: int

    @cached_property
    def agents(self) -> dict[str, int]:
        """The ids of the project's agents, by key."""
        return dict(Agent.objects.filter(project_id=self.project_id).values_list("name_key", "pk"))

    @cached_property
    def workflows(self) -> dict[str, int]:
        """The ids of the project's workflows, by key."""
        return dict(Workflow.objects.filter(project_id=self.project_id).values_list("name_key", "pk"))

    def agent(self, name: str) -> int:
        """The id of the agent called `name`."""
        return self.agents[name_key(name)]

    def workflow(self, name: str) -> int:
        """The id of the workflow called `name`."""
        return self.workflows[name_key(name)]
