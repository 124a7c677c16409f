"""What the event logs of finished runs tell: whether they are whole, and how long each step took."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from benchmarks.bed import Bed, seconds_between

_GAPS = """
SELECT count(*) FROM (
  SELECT event.run_id FROM runs_event event JOIN runs_workflowrun run ON run.id = event.run_id
  WHERE run.created_at >= %s GROUP BY event.run_id HAVING count(*) <> max(event.seq) OR min(event.seq) <> 1
) broken
"""
_DOUBLED = """
SELECT count(*) FROM (
  SELECT parent_id FROM runs_workflowrun WHERE parent_id IS NOT NULL AND created_at >= %s
  GROUP BY parent_id HAVING count(*) > 1
) doubled
"""
_STEPS = """
SELECT coalesce(run.parent_id, run.id), event.at, run.workflow_name, event.kind, event.agent
FROM runs_event event JOIN runs_workflowrun run ON run.id = event.run_id
WHERE run.created_at >= %s ORDER BY 1, event.at, run.depth, event.seq
"""


def broken_logs(bed: Bed, since: datetime) -> int:
    """Runs since then whose events are not numbered from 1 without gaps."""
    return int(bed.rows(_GAPS, [since])[0][0])


def doubled_children(bed: Bed, since: datetime) -> int:
    """Runs since then that have more than one child, where each W has one."""
    return int(bed.rows(_DOUBLED, [since])[0][0])


def steps_between(bed: Bed, since: datetime) -> dict[str, float]:
    """Milliseconds from each transaction of a W to the next, by what the transaction wrote; medians, in order.

    All events of one transaction carry one time, read when it began.
    """
    stories: dict[tuple[str, ...], list[list[float]]] = defaultdict(list)
    for _, rows in groupby(bed.rows(_STEPS, [since]), key=lambda row: row[0]):
        names, times = _story(rows)
        stories[names].append([seconds_between(one, two) * 1000 for one, two in pairwise(times)])
    if not stories:
        return {}
    names = max(stories, key=lambda story: len(stories[story]))
    taken = zip(*stories[names], strict=True)
    return dict(zip(names, (statistics.median(values) for values in taken), strict=False))


def _story(rows: Iterable[Sequence[Any]]) -> tuple[tuple[str, ...], list[Any]]:
    names: list[str] = []
    times: list[Any] = []
    seen: Counter[str] = Counter()
    for at, events in groupby(rows, key=lambda row: row[1]):
        name = _name(list(events))
        seen[name] += 1
        names.append(f"{name} {seen[name]}" if seen[name] > 1 else name)
        times.append(at)
    return tuple(names), times


def _name(events: list[Sequence[Any]]) -> str:
    """What a transaction did, in the words of its most telling event."""
    kinds = {kind: (workflow, agent) for _, _, workflow, kind, agent in reversed(events)}
    for kind, words in (("agent.turn", "a turn of"), ("agent.started", "taken up:"), ("run.started", "accepted:")):
        if kind in kinds:
            workflow, agent = kinds[kind]
            return f"{words} {agent or workflow}"
    return str(events[0][3])
