"""What a check knows beside the workflow: the others of its project, and its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agents.queries import agents_of
from builder.models import Workflow
from builder.publish import read_all
from builder.reading import agent_spec
from builder.spec import AgentSpec, WorkflowSpec
from projects.approvers import People, people_in
from projects.models import Project


@dataclass(frozen=True)
class Surroundings:
    """The project's agents and workflows by name, which of them are archived, and its members."""

    agents: Mapping[str, AgentSpec]
    agent_ids: Mapping[str, int]
    workflows: Mapping[str, WorkflowSpec]
    archived: frozenset[str]
    default_model: str | None
    project_id: int

    @cached_property
    def people(self) -> People:
        """The project's members, read for the first gate that is looked at."""
        return people_in([self.project_id]).get(self.project_id, {})


def surroundings_in(project: Project) -> Surroundings:
    """What the checks know of a project, in a fixed number of queries."""
    agents = list(agents_of(project.pk))
    rows = list(Workflow.objects.filter(project=project))
    return Surroundings(
        agents={agent.name: agent_spec(agent) for agent in agents},
        agent_ids={agent.name: agent.pk for agent in agents},
        workflows=read_all(rows),
        archived=frozenset(row.name for row in rows if row.archived_at is not None),
        default_model=project.default_model,
        project_id=project.pk,
    )
