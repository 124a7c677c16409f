"""A workflow as pages need it: what it means, and which row means which part. A fixed number of small queries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from agents.queries import agents_of
from builder.models import Workflow
from builder.part_rows import part_rows
from builder.publish import read_stored
from builder.spec import WorkflowSpec


@dataclass(frozen=True)
class Graph:
    """`stage_ids` by position; `assignment_ids` by the position of the stage, then of the assignment; `versions` those
    of the stages, by id."""

    workflow: Workflow
    spec: WorkflowSpec
    stage_ids: tuple[int, ...]
    assignment_ids: tuple[tuple[int, ...], ...]
    versions: dict[int, int]

    @cached_property
    def targets(self) -> dict[str, int]:
        """The ids of the project's workflows by name, read when they are asked for."""
        return dict(Workflow.objects.filter(project=self.workflow.project_id).values_list("name", "pk"))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The ids of the stages, by name."""
        return {stage.name: pk for stage, pk in zip(self.spec.stages, self.stage_ids, strict=True)}

    def agent_names(self) -> list[str]:
        """The names of the project's agents, in order, read when they are first asked for."""
        return self._agents

    @cached_property
    def _agents(self) -> list[str]:
        return list(agents_of(self.workflow.project_id).values_list("name", flat=True))

    def position(self, stage_id: int) -> int | None:
        """The position of a stage, None where it is gone."""
        return self.stage_ids.index(stage_id) if stage_id in self.stage_ids else None


def graph_of(workflow: Workflow) -> Graph:
    """The graph of `workflow`, freshly read."""
    rows = part_rows(workflow.pk)
    return Graph(
        workflow=workflow,
        spec=read_stored(workflow),
        stage_ids=tuple(rows.stages),
        assignment_ids=rows.inside,
        versions=rows.stages,
    )
