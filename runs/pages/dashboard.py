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
from runs.figures import AgentFigures, Figures, RunFigures, Spent, figures, waiting_longest
from runs.pages.charts import Bar, amount, chart, share, spark
from runs.pages.durations import took
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
    runs, agents = figures(project, starts[0], hourly=step < timedelta(days=1))
    runs_url = reverse("project-runs", args=[project.slug])
    return {
        **frame(caller, project, "Dashboard"),
        "periods": [
            {"label": each[0], "url": f"?period={key}", "current": key == chosen} for key, each in _PERIODS.items()
        ],
        "period": label,
        "tiles": _tiles(runs.total),
        "charts": _charts(runs, starts, step),
        "table": _table(runs, starts, step),
        "workflows": _workflows(runs, starts, step, f"{runs_url}?{urlencode({'time': span})}"),
        "agents": _agents(agents, starts, step),
        "agent_chart": "Tokens over time" if _tokens_known(agents) else "Turns over time",
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
        "has_runs": runs.total.runs > 0,
        "runs_url": runs_url,
    }


def _starts(now: datetime, count: int, step: timedelta) -> list[datetime]:
    """The beginnings of the last hours or days, in UTC; the last one is still going on."""
    last = now.replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        last = last.replace(hour=0)
    return [last - step * back for back in reversed(range(count))]


def _key(start: datetime, step: timedelta) -> str:
    return f"{start:%Y-%m-%d %H}" if step < timedelta(days=1) else f"{start:%Y-%m-%d}"


def _of(figures: RunFigures, start: datetime, step: timedelta) -> Figures:
    return figures.by_time.get(_key(start, step)) or Figures()


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


def _counted(count: int, word: str) -> str:
    return f"{amount(count)} {word}{'' if count == 1 else 's'}"


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
            bars(_by_end, lambda one: f"{_counted(one.runs, 'run')}, {one.failed} failed"),
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
        chart(
            "Cost",
            bars(lambda one: [("plain", one.cost)], lambda one: _money(one.cost)),
            top=_money(max((one.cost for one in each), default=0.0)),
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


def _workflows(figures: RunFigures, starts: list[datetime], step: timedelta, url: str) -> list[dict[str, Json]]:
    most = sorted(figures.by_workflow.items(), key=lambda each: (-each[1].runs, each[0]))[:_MOST_ROWS]
    none = Figures()

    def runs(name: str) -> dict[str, Json]:
        counts = [(start, figures.by_both.get((name, _key(start, step)), none).runs) for start in starts]
        return spark([(_label(start, step), float(count), _counted(count, "run")) for start, count in counts])

    return [
        {
            "name": name,
            "url": f"{url}&{urlencode({'workflow': name})}",
            "bar": f"{(one.rate or 0) * 100:.1f}" if one.ended else "",
            "spark": runs(name),
            **_figures(one),
        }
        for name, one in most
    ]


def _tokens_known(figures: dict[str, AgentFigures]) -> bool:
    return any(one.spent.tokens for one in figures.values())


def _agents(figures: dict[str, AgentFigures], starts: list[datetime], step: timedelta) -> list[dict[str, Json]]:
    """Those who spent the most first, then those who worked the most. Their bars are tokens, or turns where no
    tokens are counted."""
    known, none = _tokens_known(figures), Spent()

    def bars(one: AgentFigures) -> dict[str, Json]:
        found = [(_label(start, step), one.by_time.get(_key(start, step), none)) for start in starts]
        if known:
            return spark([(label, float(each.tokens), _counted(each.tokens, "token")) for label, each in found])
        return spark([(label, float(each.turns), _counted(each.turns, "turn")) for label, each in found])

    def rank(each: tuple[str, AgentFigures]) -> tuple[float, int, int, str]:
        name, one = each
        return -one.spent.cost, -one.spent.tokens, -one.works, name

    return [
        {
            "name": name,
            "works": amount(one.works),
            "failed": amount(one.failed),
            "turns": amount(one.spent.turns),
            "mean": took(one.seconds / one.ended if one.ended else None),
            "tokens": amount(one.spent.tokens) if one.spent.tokens else "–",
            "cost": _money(one.spent.cost),
            "spark": bars(one),
        }
        for name, one in sorted(figures.items(), key=rank)[:_MOST_ROWS]
    ]
