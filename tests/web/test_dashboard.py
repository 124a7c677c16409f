"""The dashboard of a project: its figures, its pictures, and what they cost to make."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Event, Rerun, WorkflowRun
from runs.pages.charts import amount, share
from runs.pages.durations import took
from tests.web.conftest import Site, text_of
from tests.web.test_run_list import add


def page(site: Site, query: str = "", who: str = "viewer") -> str:
    """The dashboard as its reader sees it."""
    answer = site.client(who).get(f"/p/{site.project.slug}/dashboard{query}")
    assert answer.status_code == 200
    return text_of(answer)


def took_seconds(seconds: float) -> dict[str, Any]:
    """The fields of a run that was started a moment ago and took so long."""
    begin = datetime.now(UTC) - timedelta(minutes=1)
    return {"started_at": begin, "finished_at": begin + timedelta(seconds=seconds)}


def test_the_figures_are_those_of_the_runs(site: Site) -> None:
    """Issue 4, item 6: runs, success rate, duration, tokens and cost; a cancelled run is neither."""
    for seconds, status in ((20, "completed"), (40, "completed"), (60, "failed"), (500, "cancelled")):
        add(site, status, input_tokens=1000, output_tokens=500, cost=0.25, **took_seconds(seconds))

    shown = page(site, "?period=24h")

    assert "Runs 5 2 open or cancelled" in shown
    assert "Success rate 66.7 % 1 failed" in shown
    assert "Average duration 40 s longest 1 min" in shown
    assert "Tokens 6 000" in shown
    assert "Cost $1.00" in shown
    assert re.search(r"Publish 4 1 66\.7 % 40 s 6 000 \$1\.00", shown)
    assert "Ada 1 0" in shown


def turns(run: WorkflowRun, agent: str, count: int = 1, **usage: float) -> None:
    """Turns of an agent as the log of a run tells of them."""
    for _ in range(count):
        seq = Event.objects.filter(run=run).count() + 1
        data = {"turn": seq, "usage": {"requests": 1, **usage}}
        Event.objects.create(run=run, seq=seq, at=timezone.now(), kind="agent.turn", agent=agent, data=data)


def test_tokens_and_cost_stand_at_the_agents_that_used_them(site: Site) -> None:
    """Issue 4, item 6: tokens and cost per agent, with a small chart; who spent the most comes first."""
    now, old = add(site), add(site, created_at=timezone.now() - timedelta(days=3))
    turns(now, "Cy", 2, input_tokens=900, output_tokens=100, cost=0.25)
    turns(old, "Cy", 1, input_tokens=4000, output_tokens=1000, cost=1.0)
    turns(now, "Dora", 1, input_tokens=70, output_tokens=0, cost=0.001)

    week, day = page(site, "?period=7d"), page(site, "?period=24h")

    assert "Tokens over time" in week
    assert re.search(
        r"By agent .* Cy 0 0 3 – 7 000 \$1\.50 .* at most 5 000 tokens, .* Dora 0 0 1 – 70 below \$0\.01", week
    )
    assert re.search(r"Cy 0 0 2 – 2 000 \$0\.50 ", day)
    assert week.index(" Dora ") < week.index(" Ada ")  # has used none


def test_what_a_re_run_keeps_is_not_work_of_its_own(site: Site) -> None:
    """Rule 10.2: kept visits stand in the new run, but their agents worked in the old one."""
    assert re.search(r"Ben \d 0 \d", before := page(site))
    kept = site.run.stage_runs.count()
    Rerun.objects.create(run=site.run, of_number=9, kept=kept)

    assert not re.search(r"By agent.* Ben 0 0 2 –", before)
    assert re.search(r"By agent.* Ben 0 0 2 –", page(site))


def test_without_counted_tokens_the_bars_are_turns(site: Site) -> None:
    """Empty states: a scripted agent uses none, and still has a chart; who did not work at all has none."""
    shown = page(site)

    assert "Turns over time" in shown
    assert re.search(r"Ada 1 0 1 \S+ s – – .* at most 1 turn,", shown)
    WorkflowRun.objects.update(dry={"root": {}})
    add(site)
    assert "No agent has been at work in this time." in page(site)


def test_dry_runs_and_older_runs_do_not_count(site: Site) -> None:
    """Issue 4, item 6, and dry runs: they stand in, so that they say nothing about success."""
    add(site, dry={"root": {}})
    add(site, created_at=timezone.now() - timedelta(days=8))
    add(site, created_at=timezone.now() - timedelta(days=20))

    assert "Runs 1 1 open" in page(site, "?period=24h")
    assert "Runs 1 1 open" in page(site, "?period=nonsense")
    assert "Runs 3 1 open" in page(site, "?period=30d")


def test_who_waits_longest_is_named(site: Site) -> None:
    """Issue 4, item 6: waiting longest."""
    assert "Review #1 for a person, at Look" in page(site)


def test_every_bar_is_a_number_in_the_table_too(site: Site) -> None:
    """Accessibility: the pictures are hidden from screen readers, their numbers stand in a table."""
    add(site, **took_seconds(20))
    markup = site.client("viewer").get(f"/p/{site.project.slug}/dashboard").content.decode()

    assert markup.count('<svg viewBox="0 0 320 96" preserveAspectRatio="none" aria-hidden="true"') == 2
    assert "Nothing to show for this time." in markup  # no tokens were spent
    assert "Figures over time" in markup
    assert "style=" not in markup
    HTMLParser().feed(markup)


def test_no_runs_at_all_is_said(site: Site) -> None:
    """Empty states say what the thing is and give one button."""
    WorkflowRun.objects.update(created_at=timezone.now() - timedelta(days=90))

    assert "No runs in this time" in page(site)


def test_the_number_of_queries_is_fixed(site: Site, django_assert_max_num_queries: object) -> None:
    """Speed: many runs, workflows and agents cost no query more."""
    for _ in range(8):
        add(site, parent=add(site, "failed"))
    for number in range(12):
        turns(site.run, f"Agent {number}", 2, input_tokens=5)
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        page(site, "?period=30d")


def test_a_day_that_is_over_is_counted_once_and_what_still_changes_is_seen(site: Site) -> None:
    """Speed, and always right: the late end of an old run shows, a deletion shows, and nothing else is counted anew."""
    at = {days: timezone.now() - timedelta(days=days) for days in (5, 12, 20)}
    late = add(site, "queued", created_at=at[20])
    gone = add(site, created_at=at[12])
    turns(add(site, "failed", created_at=at[5]), "Cy", 3)
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            assert "Runs 4 2 open or cancelled" in page(site, "?period=30d")
        (sums,) = (each["sql"] for each in asked if 'SUM("runs_workflowrun"."cost")' in each["sql"])
        counted.append([days for days, day in at.items() if f"{day:%Y-%m-%d}" in sums])
    WorkflowRun.objects.filter(pk=late.pk).update(status="completed", finished_at=timezone.now())
    ended = page(site, "?period=30d")
    gone.delete()
    after = page(site, "?period=30d")

    assert counted == [[5, 12, 20], [20]]
    assert "Runs 4 1 open or cancelled" in ended
    assert "Runs 3 1 open or cancelled" in after
    assert re.search(r"Cy 0 0 3", after)


@pytest.mark.parametrize("period", ["24h", "7d", "30d"])
def test_a_stranger_sees_nothing(site: Site, period: str) -> None:
    """Rule 1.3: to strangers the project does not exist."""
    assert site.client("stranger").get(f"/p/{site.project.slug}/dashboard?period={period}").status_code == 404


def test_words_of_figures() -> None:
    """Figures are short, and never round a failure away. A duration is rounded once, the same on every page."""
    said = {
        None: "–", 0: "0.0 s", 0.42: "0.4 s", 9.94: "9.9 s", 9.96: "10 s", 59.4: "59 s", 59.9: "1 min",
        125: "2 min 5 s", 3599.6: "1 h", 7200: "2 h", 7800: "2 h 10 min", 86_399: "1 d", 360_000: "4 d 4 h",
    }  # fmt: skip
    assert {each: took(each) for each in said} == said
    assert [amount(each) for each in (0, 9999, 12_300, 4_100_000)] == ["0", "9 999", "12.3 k", "4.1 M"]
    assert [share(each) for each in (None, 0.0, 0.5, 0.99999, 1.0)] == ["–", "0 %", "50 %", "99.9 %", "100 %"]
