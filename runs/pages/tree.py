"""The tree that a run belongs to: its parents up to the first run, and everything these have triggered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse

from builder.publish import frozen
from runs.engine.status import FINAL_RUN, RunStatus, StageStatus
from runs.light_rows import light
from runs.models import StageRun, WorkflowRun
from runs.pages.looks import Look, run_looks

Json = Any
MOST = 100  # runs of a tree that are shown


def lineage(run: WorkflowRun) -> list[WorkflowRun]:
    """The run and those that led to it, the first one first."""
    chain = [run]
    while chain[-1].parent_id is not None:
        parent = light(WorkflowRun.objects.filter(pk=chain[-1].parent_id)).first()
        if parent is None:
            break
        chain.append(parent)
    return chain[::-1]


def tree(run: WorkflowRun, root: WorkflowRun) -> list[dict[str, Json]]:
    """The runs below `root` as nested branches; empty where the run is alone. A fixed number of queries a level."""
    rows = [root]
    level = [root]
    while level and len(rows) < MOST:
        below_these = light(WorkflowRun.objects.filter(parent__in=[row.pk for row in level]))
        found = below_these.order_by("created_at", "number")
        level = list(found[: MOST - len(rows)])
        rows.extend(level)
    if len(rows) == 1:
        return []
    looks = run_looks(rows)
    stages = _stages([row for row in rows if row.pk != run.pk], looks)
    below: dict[UUID | None, list[WorkflowRun]] = defaultdict(list)
    for row in rows[1:]:
        below[row.parent_id].append(row)

    def branch(row: WorkflowRun) -> dict[str, Json]:
        return {
            "id": row.pk,
            "workflow": row.workflow_name,
            "number": row.number,
            "dry": row.dry is not None,
            "url": reverse("run", args=[row.pk]),
            **looks[row.pk]._asdict(),
            "current": row.pk == run.pk,
            "stages": stages.get(row.pk, []),
            "open": row.parent_id == run.pk and RunStatus(row.status) not in FINAL_RUN,
            "children": [branch(child) for child in below[row.pk]],
        }

    return [branch(root)]


def _stages(rows: Sequence[WorkflowRun], looks: Mapping[UUID, Look]) -> dict[UUID, list[dict[str, Json]]]:
    """The stages of runs, each with the state of its latest visit; one that goes on while its run waits, waits too."""
    latest: dict[tuple[UUID, int], str] = {}
    visits = StageRun.objects.filter(run__in=[row.pk for row in rows]).order_by("entry")
    for run_id, position, status in visits.values_list("run_id", "position", "status"):
        latest[run_id, position] = looks[run_id].state if status == StageStatus.RUNNING.value else status
    return {
        row.pk: [
            {
                "name": stage.name,
                "state": latest.get((row.pk, place), "skipped" if RunStatus(row.status) in FINAL_RUN else "pending"),
            }
            for place, stage in enumerate(frozen(row.version_id).workflow.stages)
        ]
        for row in rows
    }
