"""What is counted of the runs of a project, by day: days that are over are counted once in a process, and kept.

A run that is over does not change any more, and none is started in the past. So a day stays as it was counted while as
many runs are left of it; a day of which a run has not ended is counted anew each time, and is not kept before it has.
Whether that is so is asked of two indexes, in two queries, whatever there is of runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from django.db.models import CharField, Count, Max, Q
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from projects.models import Project
from runs.light_rows import NOT_OVER
from runs.models import WorkflowRun

Json = Any
Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)
_SETTLED = timedelta(hours=1)  # that clocks may differ by: so long after its end no run is started in a day
_MOST = 4_000  # days of projects that a process keeps


@dataclass(slots=True)
class Rows:
    """Rows of grouped queries over some runs, each with `begun`, the beginning of its hour or day as text."""

    runs: list[dict[str, Json]] = field(default_factory=list)
    works: list[dict[str, Json]] = field(default_factory=list)
    turns: list[dict[str, Json]] = field(default_factory=list)

    def add(self, other: Rows) -> None:
        """Take up the rows of other runs."""
        self.runs += other.runs
        self.works += other.works
        self.turns += other.turns

    def by_day(self) -> dict[str, Rows]:
        """The same rows, those of each day by themselves."""
        found: dict[str, Rows] = {}
        for kind in ("runs", "works", "turns"):
            for row in getattr(self, kind):
                getattr(found.setdefault(row["begun"][:10], Rows()), kind).append(row)
        return found


Mark = tuple[int, str]  # how many runs a day has, and the greatest of their ids
_kept: OrderedDict[tuple[int, str], tuple[Mark, Rows]] = OrderedDict()
_lock = Lock()


def beginning(name: str, *, hourly: bool) -> Substr:
    """Both databases write a moment as text from the year down, in UTC: cut off, it is an hour or a day."""
    return Substr(Cast(name, CharField()), 1, 13 if hourly else 10)


def within(spans: Sequence[Span], name: str = "created_at") -> Q:
    """That a moment lies in one of these times, of which there is at least one; their ends lie outside."""
    found = Q()
    for start, end in spans:
        found |= Q(**{f"{name}__gte": start, f"{name}__lt": end})
    return found


def rows_by_day(project: Project, since: datetime, count: Callable[[Sequence[Span]], Rows]) -> Rows:
    """The rows of all runs begun since the first moment of a day; `count` is asked for those of the days not kept."""
    marks = _marks(project, since)  # before anything is counted: what is deleted meanwhile is seen the next time
    unfinished = _unfinished(project)
    found, missing = Rows(), []
    with _lock:
        for day, mark in marks.items():
            known = _kept.get((project.pk, day))
            if known is not None and known[0] == mark and day not in unfinished:
                _kept.move_to_end((project.pk, day))
                found.add(known[1])
            else:
                missing.append(day)
    if not missing:
        return found
    fresh = count(_spans(missing))
    found.add(fresh)
    by_day = fresh.by_day()
    settled = timezone.now() - _SETTLED - _DAY
    over = [day for day in missing if day not in unfinished and _start(day) < settled]
    with _lock:
        for day in over:
            _kept[project.pk, day] = marks[day], by_day.get(day, Rows())
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return found


def _marks(project: Project, since: datetime) -> dict[str, Mark]:
    """By the day. Both are in the index of runs by their project: no row of a run is read."""
    begun = WorkflowRun.objects.filter(project=project, created_at__gte=since)
    grouped = begun.values(day=beginning("created_at", hourly=False))
    grouped = grouped.annotate(count=Count("pk"), last=Max(Cast("pk", CharField()))).order_by()
    return {row["day"]: (row["count"], row["last"]) for row in grouped}


def _unfinished(project: Project) -> set[str]:
    """The days of which a run has not ended. Asked without a time, by which SQLite would go instead of by the state."""
    rows = WorkflowRun.objects.filter(project=project, status__in=NOT_OVER)
    return set(rows.values_list(beginning("created_at", hourly=False), flat=True).distinct().order_by())


def _start(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _spans(days: Iterable[str]) -> list[Span]:
    """The days as times, those that follow one another as one."""
    found: list[Span] = []
    for start in sorted(map(_start, days)):
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], start + _DAY
        else:
            found.append((start, start + _DAY))
    return found
