"""Which run a re-run repeats. Runs of any other origin cost no query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runs.models import Rerun, WorkflowRun

Json = Any
ORIGINS = ("rerun", "retry")


def link_of(run: WorkflowRun) -> Rerun | None:
    """What a run repeats, if it is a re-run or a retry."""
    return Rerun.objects.select_related("of").filter(run=run).first() if run.origin in ORIGINS else None


def with_links(shown: list[dict[str, Json]], rows: Sequence[WorkflowRun]) -> list[dict[str, Json]]:
    """Runs in the API's shape, each with the run that it repeats or null: one query, where any repeats one."""
    ids = [row.pk for row in rows if row.origin in ORIGINS]
    links = {str(link.pk): link for link in Rerun.objects.filter(run__in=ids)} if ids else {}
    return [{**run, "rerun_of": _link(links.get(run["id"]))} for run in shown]


def _link(link: Rerun | None) -> Json:
    if link is None:
        return None
    return {"run_id": str(link.of_id) if link.of_id else None, "number": link.of_number, "from_stage": link.stage}
