"""The dashboard of a project: what its runs came to over a day, a week or a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from builder.pages.project_frame import frame
from projects.access import Caller
from projects.models import Project
from runs.figures import AgentFigures, Figures, RunFigures, agent_figures, run_figures, waiting_longest
from runs.pages.charts import Bar, amount, chart, share, took
from runs.pages.run_page import run_url
from runs.pages.words import how_long

Json = Any
_MOST_ROWS = 20
# In the address: the label, how many bars, what one of them stands for, and the run list's filter for the same time.
_PERIODS = {
    "24h": ("24 hours", 24, timedelta(hours=1), "day"),
    "7d": ("7 days", 7, timedelta(days=1), "week"),
    "30d": ("30 days", 30, timedelta(days=1), "month"),
}


def dashboard(caller: Caller, project: Project, asked: str) -> dict[str, Json]:
    """The context of projects/dashboard.html; a period that does not exist is a week."""
    chosen = asked if asked in _PERIODS else "7d"
    label, count, step, span = _PERIODS[chosen]
    starts = _starts(timezone.now(), count, step)
    figures = run_figures(project, starts[0], hourly=step < timedelta(days=1))
    runs_url = reverse("project-runs", args=[project.slug])
    return {
        **frame(caller, project, "Dashboard"),
        "periods": [
            {"label": each[0], "url": f"?period={key}", "current": key == chosen} for key, each in _PERIODS.items()
        ],
        "period": label,
        "tiles": _tiles(figures.total),
        "charts": _charts(figures, starts, step),
        "table": _table(figures, starts, step),
        "workflows": _workflows(figures, runs_url, span),
        "agents": _agents(agent_figures(project, starts[0])),
        "waiting": [
            {
                "label": f"{run.workflow_name} #{run.number}",
                "url": run_url(run.pk),
                "what": what,
                "since": since,
                "words": how_long(since),
            }
            for since, run, what in waiting_longest(project)
        ],
        "has_runs": figures.total.runs > 0,
        "runs_url": runs_url,
    }


def _starts(now: datetime, count: int, step: timedelta) -> list[datetime]:
    """The beginnings of the last hours or days, in UTC; the last one is still going on."""
    last = now.replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        last = last.replace(hour=0)
    return [last - step * back for back in reversed(range(count))]


def _of(figures: RunFigures, start: datetime, step: timedelta) -> Figures:
    key = f"{start:%Y-%m-%d %H}" if step < timedelta(days=1) else f"{start:%Y-%m-%d}"
    return figures.by_time.get(key) or Figures()


def _label(start: datetime, step: timedelta) -> str:
    return f"{start:%H}:00" if step < timedelta(days=1) else f"{start.day} {start:%b}"


def _tiles(total: Figures) -> list[dict[str, str]]:
    known = total.tokens > 0
    return [
        {"label": "Runs", "value": amount(total.runs), "more": f"{total.runs - total.ended} open or cancelled"},
        {"label": "Success rate", "value": share(total.rate), "more": f"{total.failed} failed"},
        {"label": "Average duration", "value": took(total.mean), "more": _longest(total)},
        {"label": "Tokens", "value": amount(total.tokens) if known else "–", "more": "" if known else "none counted"},
        {"label": "Cost", "value": _money(total.cost), "more": "" if total.cost else "no prices known"},
    ]


def _longest(total: Figures) -> str:
    return f"longest {took(total.longest)}" if total.ended else "no run has ended"


def _money(cost: float) -> str:
    if not cost:
        return "–"
    return f"${cost:,.2f}" if cost >= 0.01 else "below $0.01"


def _charts(figures: RunFigures, starts: list[datetime], step: timedelta) -> list[dict[str, Json]]:
    def bars(parts: Callable[[Figures], list[tuple[str, float]]], words: Callable[[Figures], str]) -> list[Bar]:
        found = [(_label(start, step), _of(figures, start, step)) for start in starts]
        return [Bar(label, parts(one), f"{label}: {words(one)}") for label, one in found]

    each = list(figures.by_time.values())
    return [
        chart(
            "Runs",
            bars(_by_end, lambda one: f"{one.runs} runs, {one.failed} failed"),
            top=amount(max((one.runs for one in each), default=0)),
        ),
        chart(
            "Average duration",
            bars(lambda one: [("plain", one.mean or 0.0)], lambda one: took(one.mean)),
            top=took(max((one.mean or 0.0 for one in each), default=0.0)),
        ),
        chart(
            "Tokens",
            bars(lambda one: [("plain", float(one.tokens))], lambda one: amount(one.tokens)),
            top=amount(max((one.tokens for one in each), default=0)),
        ),
    ]


def _by_end(one: Figures) -> list[tuple[str, float]]:
    rest = one.runs - one.ended
    return [("completed", float(one.completed)), ("failed", float(one.failed)), ("other", float(rest))]


def _figures(one: Figures) -> dict[str, str]:
    return {
        "runs": amount(one.runs),
        "completed": amount(one.completed),
        "failed": amount(one.failed),
        "rate": share(one.rate),
        "mean": took(one.mean),
        "tokens": amount(one.tokens) if one.tokens else "–",
        "cost": _money(one.cost),
    }


def _table(figures: RunFigures, starts: list[datetime], step: timedelta) -> list[dict[str, Json]]:
    """The charts as a table, the newest first; where nothing ran there is no row."""
    found = [(_label(start, step), _of(figures, start, step)) for start in reversed(starts)]
    return [{"label": label, **_figures(one)} for label, one in found if one.runs]


def _workflows(figures: RunFigures, runs_url: str, span: str) -> list[dict[str, Json]]:
    most = sorted(figures.by_workflow.items(), key=lambda each: (-each[1].runs, each[0]))[:_MOST_ROWS]
    return [
        {
            "name": name,
            "url": f"{runs_url}?{urlencode({'workflow': name, 'time': span})}",
            "bar": f"{(one.rate or 0) * 100:.1f}" if one.ended else "",
            **_figures(one),
        }
        for name, one in most
    ]


def _agents(figures: dict[str, AgentFigures]) -> list[dict[str, Json]]:
    most = sorted(figures.items(), key=lambda each: (-each[1].works, each[0]))[:_MOST_ROWS]
    return [
        {
            "name": name,
            "works": amount(one.works),
            "failed": amount(one.failed),
            "turns": amount(one.turns),
            "mean": took(one.seconds / one.ended if one.ended else None),
        }
        for name, one in most
    ]
