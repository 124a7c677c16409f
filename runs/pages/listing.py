"""The run list: rows by tree, filters kept in the address, pages by number, and what a live list missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from builder.models import Workflow
from builder.pages.outline import tabs
from builder.pages.project_frame import project_tabs
from builder.queries import catalogue
from projects.models import Project
from runs.engine.status import RunStatus
from runs.finding import Wanted, count_above, newest_that_fit, problems_of, wanted_from
from runs.light_rows import light
from runs.models import SavedView, WorkflowRun
from runs.pages.run_rows import Folding, rows_of

Json = Any
_PAGE = 50
_MOST_SHOWN = 400  # rows that a live list asks about
_MOST_OPENED = 100
_MOST_NEW = 99
_ORIGINS = {
    "manual": "By hand",
    "api": "API",
    "cli": "Terminal",
    "schedule": "Schedule",
    "webhook": "Webhook",
    "agent": "Agent",
    "route": "Outcome route",
    "subagent": "Subagent",
    "hook": "Hook",
    "rerun": "Re-run",
    "retry": "Retry",
}
_SPANS = {"hour": "Last hour", "day": "Last 24 hours", "week": "Last 7 days", "month": "Last 30 days"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: whose runs, narrowed to what, below which number, and what is unfolded."""

    project: Project
    workflow: Workflow | None
    wanted: Wanted
    before: int | None
    opened: frozenset[int]

    @property
    def address(self) -> str:
        """The list without anything chosen."""
        if self.workflow is not None:
            return reverse("workflow-runs", args=[self.workflow.pk])
        return reverse("project-runs", args=[self.project.slug])

    def url(self, *, before: int | None = None, opened: frozenset[int] = frozenset(), **more: str) -> str:
        """The list as it is narrowed here, on some page, with something unfolded."""
        query: dict[str, str] = dict(self.wanted.kept)
        if before:
            query["before"] = str(before)
        if opened:
            query["open"] = ".".join(map(str, sorted(opened)))
        query |= more
        return f"{self.address}?{urlencode(query)}" if query else self.address

    def toggled(self, number: int) -> str:
        """The same place with one run unfolded, or folded if it is unfolded."""
        return self.url(before=self.before, opened=self.opened ^ {number})

    @property
    def folding(self) -> Folding:
        """In a list of every run, each stands by itself."""
        return Folding(self.opened, None if self.wanted.view == "flat" else self.toggled)


def place_from(project: Project, workflow: Workflow | None, given: Mapping[str, str]) -> Place:
    """Read the place from an address; what cannot be read there is left out."""
    before = _numbers(given.get("before", ""), 1)
    opened = _numbers(given.get("open", ""), _MOST_OPENED)
    return Place(project, workflow, wanted_from(given), before[0] if before else None, frozenset(opened))


def _numbers(text: str, most: int) -> list[int]:
    parts = text.split(".")[:most]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]


def listing(place: Place, user: User, *, can_run: bool) -> dict[str, Json]:
    """The context of runs/list.html: one page of runs, newest first."""
    project, workflow, wanted = place.project, place.workflow, place.wanted
    problems = problems_of(wanted)
    found = [] if problems else newest_that_fit(project, workflow, wanted, place.before, _PAGE + 1)
    runs = found[:_PAGE]
    rows = rows_of(runs, place.folding)
    return {
        "project": {"name": project.name, "url": reverse("project", args=[project.slug])},
        "workflow": {"name": workflow.name, "url": reverse("workflow", args=[workflow.pk])} if workflow else None,
        "tabs": tabs(workflow, "Runs") if workflow else project_tabs(project, "Runs"),
        "runs": rows,
        "shown": wanted,
        "narrowed": bool(set(wanted.kept) - {"view"}),
        "errors": problems,
        "address": place.address,
        "older_url": place.url(before=runs[-1].number) if len(found) > _PAGE else "",
        "newest_url": place.url() if place.before else "",
        "can_run": can_run,
        "run_dialog_url": reverse("run-dialog", args=[workflow.pk]) if workflow and can_run else "",
        "cancel_url": reverse("runs-cancel", args=[project.slug]) if can_run else "",
        "retry_url": reverse("runs-retry", args=[project.slug]) if can_run else "",
        "query": urlencode(wanted.kept),
        "back": urlencode({**wanted.kept, **({"of": str(workflow.pk)} if workflow else {})}),
        **_choices(place),
        **_views(place, user),
        "live": {
            "socket_url": f"/ws/projects/{project.slug}/runs",
            "sync_url": _sync_url(place, rows),
            "seq": 0,
            "now": timezone.now(),
        },
    }


def _sync_url(place: Place, rows: list[dict[str, Json]]) -> str:
    """Where a live list asks about the rows that it shows, and about what came above them."""
    numbers = ".".join(str(row["number"]) for row in rows[:_MOST_SHOWN])
    top = "" if place.before else str(rows[0]["number"] if rows else 0)
    url = place.url(before=place.before, opened=place.opened, shown=numbers, top=top)
    return url.replace("/runs?", "/runs/sync?", 1)


def _choices(place: Place) -> dict[str, Json]:
    return {
        "statuses": [{"value": status.value, "label": status.value.title()} for status in RunStatus],
        "origins": [{"value": value, "label": label} for value, label in _ORIGINS.items()],
        "spans": [{"value": value, "label": label} for value, label in _SPANS.items()],
        "workflows": [] if place.workflow else [item.name for item in catalogue(place.project.pk)],
        "more_open": bool(place.wanted.first or place.wanted.last or place.wanted.kind or place.wanted.view),
    }


def _views(place: Place, user: User) -> dict[str, Json]:
    """The reader's own views; they belong to the list of the whole project."""
    if place.workflow is not None:
        return {"views": [], "save_url": ""}
    here = urlencode(place.wanted.kept)
    rows = SavedView.objects.filter(user=user, project=place.project).order_by("name")
    slug = place.project.slug
    views = [
        {
            "name": row.name,
            "url": f"{place.address}?{row.query}",
            "current": row.query == here,
            "delete_url": reverse("runs-view-delete", args=[slug, row.pk]),
        }
        for row in rows
    ]
    return {
        "views": views,
        "save_url": reverse("runs-view-save", args=[slug]) if here else "",
        "saved": any(view["current"] for view in views),
    }


def news(place: Place, given: Mapping[str, str]) -> dict[str, Json]:
    """The context of runs/_list_sync.html: the rows that a list shows, as they are now, and how many came above."""
    shown = _numbers(given.get("shown", ""), _MOST_SHOWN)
    shown_runs = WorkflowRun.objects.filter(project=place.project, number__in=shown)
    runs = list(light(shown_runs, "parent", "starter"))
    top = _numbers(given.get("top", ""), 1)
    count = 0
    if top and not problems_of(place.wanted):
        # Cut off, so that a list that was left open over night asks no more than this.
        count = count_above(place.project, place.workflow, place.wanted, top[0], _MOST_NEW + 1)
    return {
        "runs": rows_of(runs, Folding(frozenset(), place.toggled if place.folding.toggle else None)),
        "new": f"{_MOST_NEW}+" if count > _MOST_NEW else count,
        "new_url": place.url(),
    }
