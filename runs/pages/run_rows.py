"""Runs as rows of a list, children below their parents where these are unfolded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from runs.engine.status import FINAL_RUN, RunStatus
from runs.light_rows import light
from runs.models import WorkflowRun
from runs.pages.looks import Look, run_looks
from runs.pages.run_page import run_url
from runs.pages.words import origin_text

Json = Any
_MOST_CHILDREN = 300  # of all unfolded runs together, in one generation
_OVER = [status.value for status in FINAL_RUN]


@dataclass(frozen=True, slots=True)
class Folding:
    """Which runs are unfolded, by number, and the address that unfolds or folds one; None: nothing can be unfolded."""

    opened: frozenset[int]
    toggle: Callable[[int], str] | None


def rows_of(runs: Sequence[WorkflowRun], folding: Folding) -> list[dict[str, Json]]:
    """These runs in their order, each with the descendants that are unfolded below it."""
    below = _unfolded(runs, folding)
    flat = list(runs) + [child for children in below.values() for child in children]
    looks, counts = run_looks(flat), _child_counts(flat)
    shown: list[dict[str, Json]] = []

    def add(run: WorkflowRun, level: int) -> None:
        shown.append(_row(run, looks[run.pk], counts.get(run.pk), level, folding))
        for child in below.get(run.pk, []):
            add(child, level + 1)

    for run in runs:
        add(run, 0)
    return shown


def _unfolded(runs: Sequence[WorkflowRun], folding: Folding) -> dict[UUID, list[WorkflowRun]]:
    """The children of unfolded runs, by parent. What is in the list by itself is not shown a second time."""
    below: dict[UUID, list[WorkflowRun]] = defaultdict(list)
    seen = {run.pk for run in runs}
    level = [run for run in runs if run.number in folding.opened]
    while level and folding.toggle is not None:
        found = light(WorkflowRun.objects.filter(parent__in=level), "parent", "starter").order_by("number")
        new = [run for run in found[:_MOST_CHILDREN] if run.pk not in seen]
        for run in new:
            seen.add(run.pk)
            below[run.parent_id].append(run)  # type: ignore[index] # filtered by its parent
        level = [run for run in new if run.number in folding.opened]
    return below


def _child_counts(runs: Sequence[WorkflowRun]) -> dict[UUID, dict[str, int]]:
    counted = (
        WorkflowRun.objects.filter(parent__in=[run.pk for run in runs])
        .values("parent")
        .annotate(
            all=Count("pk"),
            failed=Count("pk", filter=Q(status=RunStatus.FAILED.value)),
            open=Count("pk", filter=~Q(status__in=_OVER)),
        )
    )
    return {each.pop("parent"): each for each in map(dict[str, Any], counted)}


def _row(run: WorkflowRun, look: Look, counts: dict[str, int] | None, level: int, folding: Folding) -> dict[str, Json]:
    parent = run.parent
    return {
        "id": run.pk,
        "number": run.number,
        "level": level,
        "dry": run.dry is not None,
        "workflow": run.workflow_name,
        "url": run_url(run.pk),
        "state": look.state,
        "word": look.word,
        "choosable": run.status not in _OVER or run.status == RunStatus.FAILED.value,
        "origin_text": origin_text(run, run.starter.get_username() if run.starter else None),
        "parent": {"label": f"{parent.workflow_name} #{parent.number}", "url": run_url(parent.pk)} if parent else None,
        "children": _children(run, counts, folding) if counts else None,
        "tokens": run.input_tokens + run.output_tokens,
        "started_at": run.started_at,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _children(run: WorkflowRun, counts: dict[str, int], folding: Folding) -> dict[str, Json]:
    said = f"{counts['all']} child run{'' if counts['all'] == 1 else 's'}"
    parts = [f"{counts[name]} {word}" for name, word in (("open", "not over"), ("failed", "failed")) if counts[name]]
    return {
        "text": said,
        "more": ", ".join(parts),
        "opened": run.number in folding.opened and folding.toggle is not None,
        "toggle_url": folding.toggle(run.number) if folding.toggle else "",
    }
