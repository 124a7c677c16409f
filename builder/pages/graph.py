"""A workflow as pages need it: what it means, and which row means which part. A fixed number of small queries."""

from __future__ import annotations

from dataclasses import dataclass

from builder.models import Assignment, Stage, Workflow
from builder.publish import read_stored
from builder.spec import WorkflowSpec


@dataclass(frozen=True)
class Graph:
    """`stage_ids` by position; `assignment_ids` by the position of the stage, then of the assignment; `targets` are the
    ids of the project's workflows by name; `versions` those of the stages, by id."""

    workflow: Workflow
    spec: WorkflowSpec
    stage_ids: tuple[int, ...]
    assignment_ids: tuple[tuple[int, ...], ...]
    versions: dict[int, int]
    targets: dict[str, int]

    def position(self, stage_id: int) -> int | None:
        """The position of a stage, None where it is gone."""
        return self.stage_ids.index(stage_id) if stage_id in self.stage_ids else None


def graph_of(workflow: Workflow) -> Graph:
    """The graph of `workflow`, freshly read."""
    stages = list(Stage.objects.filter(workflow=workflow).order_by("position").values_list("pk", "version"))
    inside: dict[int, list[int]] = {pk: [] for pk, _ in stages}
    rows = Assignment.objects.filter(stage__workflow=workflow).order_by("stage_id", "position")
    for pk, stage_id in rows.values_list("pk", "stage_id"):
        inside[stage_id].append(pk)
    return Graph(
        workflow=workflow,
        spec=read_stored(workflow),
        stage_ids=tuple(inside),
        assignment_ids=tuple(map(tuple, inside.values())),
        versions=dict(stages),
        targets=dict(Workflow.objects.filter(project=workflow.project_id).values_list("name", "pk")),
    )
