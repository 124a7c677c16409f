"""Finding runs of a project: what a list may be narrowed to, and the rows that fit."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from builder.models import Workflow
from projects.models import Project
from runs.engine.status import RunStatus
from runs.light_rows import light
from runs.models import WorkflowRun
from runs.searching import FEW, WINDOW, Among, Few, HasWords, Numbers, asked_by_index, words_of

SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
_MOST_TEXT = 200
_DISORDER = 1000  # run numbers that two workers may give out against the order of their clocks


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to, as it stands in the address; an empty text does not narrow."""

    status: str = ""
    workflow: str = ""
    origin: str = ""
    kind: str = ""  # earnest or dry
    time: str = ""  # one of SPANS: begun within it
    first: str = ""  # a day, as is last: both inclusive, in UTC
    last: str = ""
    text: str = ""
    view: str = ""  # "flat": children beside their parents

    @property
    def kept(self) -> dict[str, str]:
        """What is set, for an address."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def as_tree(self) -> bool:
        """Whether only roots stand at the top: so until something is looked for, which may be a child."""
        return self.view != "flat" and not (self.status or self.workflow or self.origin or self.text)


def wanted_from(given: Mapping[str, str]) -> Wanted:
    """Read an address; the text is cut off after 200 characters."""
    found = {field.name: given.get(field.name, "").strip()[:_MOST_TEXT].replace("\0", "") for field in fields(Wanted)}
    return Wanted(**found)


def problems_of(wanted: Wanted) -> dict[str, str]:
    """What cannot be looked for, by field; what has a problem narrows nothing."""
    found = {}
    for name in ("first", "last"):
        if getattr(wanted, name) and _day(getattr(wanted, name)) is None:
            found[name] = "Write a day as 2026-11-21."
    if wanted.text and not words_of(wanted.text):
        found["text"] = "Write at least one letter or figure."
    first, last = _day(wanted.first), _day(wanted.last)
    if first and last and first > last:
        found["last"] = "This day is before the first one."
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def newest_that_fit(
    project: Project, workflow: Workflow | None, wanted: Wanted, before: int | None, most: int
) -> list[WorkflowRun]:
    """The newest runs, with parent and starter, of numbers below `before`; at most so many."""
    found: list[WorkflowRun] = []
    for among in _looks(project, workflow, wanted, before):
        rows = light(runs_that_fit(project, workflow, wanted, among), "parent", "starter").order_by("-number")
        with asked_by_index() if words_of(wanted.text) else nullcontext():
            found = list((rows.filter(number__lt=before) if before else rows)[:most])
        if len(found) == most:
            break
    return found


def count_above(project: Project, workflow: Workflow | None, wanted: Wanted, above: int, most: int) -> int:
    """How many runs of greater numbers there are; counted no further than `most`."""
    last = _newest(project) if wanted.text else 0
    rows = runs_that_fit(project, workflow, wanted, Numbers(above + 1, max(last, above + 1)) if last else None)
    with asked_by_index() if words_of(wanted.text) else nullcontext():
        return len(rows.filter(number__gt=above).order_by("number").values_list("number")[:most])


def _looks(project: Project, workflow: Workflow | None, wanted: Wanted, before: int | None) -> Iterator[Among | None]:
    """Among which runs to look, one after the other until enough are found."""
    first, *all_of_them = windows(project, wanted, before)
    yield first
    if all_of_them and connection.vendor == "postgresql":
        # Where the other filters leave few runs, a common word need not be sought in all the others.
        fit = runs_that_fit(project, workflow, replace(wanted, text="", view="flat"))
        numbers = (
            (fit.filter(number__lt=before) if before else fit).order_by("-number").values_list("number", flat=True)
        )
        few = Few(list(numbers[:FEW]))
        if few.numbers and isinstance(first, Numbers) and few.numbers[-1] < first.first:
            yield few
        if len(few.numbers) < FEW:
            return
    yield from all_of_them


def windows(project: Project, wanted: Wanted, before: int | None) -> list[Among | None]:
    """Among which numbers to look for the newest runs, one after the other until enough are found; None: all."""
    if not words_of(wanted.text):
        return [None]
    last = min(_newest(project), (before or sys.maxsize) - 1)
    return [Numbers(last - WINDOW + 1, last), None] if last > 2 * WINDOW else [None]


def _newest(project: Project) -> int:
    return WorkflowRun.objects.filter(project=project).order_by("-number").values_list("number", flat=True).first() or 0


def runs_that_fit(
    project: Project, workflow: Workflow | None, wanted: Wanted, among: Among | None = None
) -> QuerySet[WorkflowRun]:
    """The runs, without an order; with `among`, some of other numbers may be missing.

    Each filter has an index of its own (see benchmarks/run_list.py)."""
    rows = WorkflowRun.objects.filter(project=project)
    if workflow is not None:
        rows = rows.filter(workflow=workflow)
    elif wanted.workflow:
        rows = _of_workflow(rows, project, wanted.workflow)
    if wanted.status in set(RunStatus):
        rows = rows.filter(status=wanted.status)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.kind in ("dry", "earnest"):
        rows = rows.filter(dry__isnull=wanted.kind == "earnest")
    rows = _within(rows, project, wanted)
    if words_of(wanted.text):
        rows = _with_text(rows, project, wanted.text, among)
    if not wanted.as_tree or workflow is not None:
        return rows
    # Roots, and children whose parent is gone. Written so that SQLite goes by number instead of reading all roots.
    return rows.filter(Q(depth=0) | Q(parent=None))


def _of_workflow(rows: QuerySet[WorkflowRun], project: Project, name: str) -> QuerySet[WorkflowRun]:
    """By the workflow's name now; runs of a deleted workflow are found by the name that they keep."""
    found = Workflow.objects.filter(project=project, name=name).values_list("pk", flat=True).first()
    return rows.filter(workflow=found) if found else rows.filter(workflow=None, workflow_name=name)


def _with_text(rows: QuerySet[WorkflowRun], project: Project, text: str, among: Among | None) -> QuerySet[WorkflowRun]:
    number = text.removeprefix("#")
    words = Q(HasWords(project.pk, words_of(text), among))
    if number.isascii() and number.isdigit() and len(number) < 10:
        return rows.filter(Q(number=int(number)) if text.startswith("#") else words | Q(number=int(number)))
    return rows.filter(words)


def _within(rows: QuerySet[WorkflowRun], project: Project, wanted: Wanted) -> QuerySet[WorkflowRun]:
    first, last = _day(wanted.first), _day(wanted.last)
    starts = [_midnight(first)] if first else []
    if wanted.time in SPANS:
        starts.append(timezone.now() - SPANS[wanted.time])
    # Numbers follow time: bounded by them too, the list, which goes by number, walks through nothing else.
    if starts:
        begin = max(starts)
        rows = rows.filter(created_at__gte=begin, number__gt=_newest_before(project, begin) - _DISORDER)
    if last:
        end = _midnight(last) + timedelta(days=1)
        rows = rows.filter(created_at__lt=end, number__lte=_newest_before(project, end) + _DISORDER)
    return rows


def _newest_before(project: Project, moment: datetime) -> int:
    earlier = WorkflowRun.objects.filter(project=project, created_at__lt=moment).order_by("-created_at", "-id")
    return earlier.values_list("number", flat=True).first() or 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
