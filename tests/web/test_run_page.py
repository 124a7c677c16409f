"""The run page: its graph, its tabs, and what it makes of what agents write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import AgentRun, AgentTurn, Event, Gate, StageRun, WorkflowCall, WorkflowRun
from runs.pages.tabs.timing import Span, one_line, totals, with_gaps
from tests.web.conftest import Site, text_of

TABS = ("live", "messages", "time", "results", "prompts")
NASTY = "<script>alert(1)</script> \x1b[31mred\x1b[0m \x07bell \ud800 \u202edlob **bold** [bad](javascript:alert(1)) ![pixel](http://x.example/p.png)"


def _page(site: Site, query: str = "", who: str = "viewer") -> str:
    answer = site.client(who).get(f"/r/{site.run.pk}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_graph_shows_every_stage_its_state_and_the_way_that_was_taken(site: Site) -> None:
    """Ui.md, section 6 and rule 12.1: right after a plain load; taken edges with counts."""
    page = _page(site)

    said = [re.sub(r"\s+", " ", each) for each in re.findall(r'<span id="says-\d+" hidden>([^<]*)</span>', page)]
    assert said == ["Stage 1: Draft, Done", "Stage 2: Look, Waiting for approval", "Stage 3: Archive, Not started"]
    taken = json.loads(re.search(r'<script id="taken" type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    assert taken == {"stage:1>next": 1}
    graph = json.loads(re.search(r'<script id="graph" type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    assert [each["name"] for each in graph["stages"]] == ["Draft", "Look", "Archive"]
    assert "Workflow target: Publish, continue at End the workflow" in text_of(
        site.client("viewer").get(f"/r/{site.run.pk}")
    )


def test_a_word_of_a_state_that_is_cut_is_whole_in_its_title(site: Site) -> None:
    """Ui.md check 5: a card has room for a few words; the name of a workflow may be long."""
    name = "Publish everything that was found on every page of the site"
    visit = StageRun.objects.get(run=site.run, name="Look")
    WorkflowCall.objects.create(
        id=uuid4(), run=site.run, key=f"route/{visit.entry}", stage="Look", workflow_name=name,
        status="waiting", since=timezone.now(),
    )  # fmt: skip

    card = _page(site).split('id="card-2"')[1]
    assert f'<span class="state" data-state="blocked" title="Waiting for {name}">' in card


def test_a_gate_is_answered_in_place_by_those_who_may(site: Site) -> None:
    """Rule 7.2: who may not answer sees the question, without buttons."""
    assert 'value="Yes"' in _page(site, who="operator")
    assert 'value="Yes"' not in _page(site, who="viewer")


def test_what_is_missed_brings_the_cards_that_changed_and_no_others(site: Site) -> None:
    """Rule 12.1: catching up; a card that did not change is not sent again."""
    seq = WorkflowRun.objects.get(pk=site.run.pk).seq
    news = site.client("viewer").get(f"/r/{site.run.pk}/sync?since={seq - 1}").content.decode()
    assert 'hx-target="#card-1"' not in news

    site.client("operator").post(f"/a/{site.gate.pk}/answer", {"option": "No"})
    news = site.client("viewer").get(f"/r/{site.run.pk}/sync?since={seq}").content.decode()

    assert 'hx-target="#card-2"' in news
    assert "stage:2\\u003Ereject" in news or "stage:2&gt;reject" in news or "stage:2>reject" in news


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_has_an_address_and_is_closed_to_strangers(site: Site, tab: str) -> None:
    """Rule 12.4 and issue 4: each tab with its own address."""
    assert f'?tab={tab}" aria-current="page"' in _page(site, f"?tab={tab}") or tab == "live"
    for who in ("stranger",):
        assert site.client(who).get(f"/r/{site.run.pk}?tab={tab}").status_code == 404
    assert site.client("viewer").get(f"/r/{site.run.pk}/sync?since=0&tab={tab}").status_code == 200


def test_filters_of_messages_stay_in_the_address(site: Site) -> None:
    """Ui.md, page map: Messages with five filters."""
    page = _page(site, "?tab=messages&what=people&stage=Look&text=sign&order=oldest")

    assert "waits for an approval" in page
    assert "is done" not in page
    assert '<option value="people" selected>' in page
    assert "No message fits these filters" in _page(site, "?tab=messages&text=nowhere%20to%20be%20found")
    assert site.client("viewer").get(f"/r/{site.run.pk}?tab=messages&what=%00&from=x&order=y").status_code == 200


def test_a_long_log_is_paged(site: Site) -> None:
    """Issue 4: a run of 5,000 events; every event is on one page or another, once."""
    run, now = site.run, timezone.now()
    first = run.seq + 1
    Event.objects.bulk_create(
        Event(run=run, seq=first + place, at=now, kind="agent.message", stage="Look", agent="Ada", data={"text": "Hm."})
        for place in range(250)
    )
    WorkflowRun.objects.filter(pk=run.pk).update(seq=first + 249)
    seen: list[str] = []
    address = f"/r/{run.pk}?tab=messages"
    while address:
        page = site.client("viewer").get(address).content.decode()
        seen += re.findall(r'id="message-(\d+)"', page)
        more = re.search(r'href="([^"]*from=\d+)">More', page)
        address = more[1].replace("&amp;", "&") if more else ""

    assert [int(each) for each in seen] == list(range(first + 249, 0, -1))


def test_what_agents_write_cannot_act_and_can_be_read(site: Site) -> None:
    """Issue 4, bad input: markup, ANSI and broken UTF-8 in agent output."""
    WorkflowRun.objects.filter(pk=site.run.pk).update(
        values={
            **WorkflowRun.objects.get(pk=site.run.pk).values,
            "results": {"note": NASTY, "tree": {"a": [1, None, NASTY]}},
        }
    )
    page = _page(site, "?tab=results")

    shown = page.split('id="shared-title"')[1]
    assert "<script>" not in shown
    assert "<img" not in shown
    assert 'href="javascript:' not in shown
    assert "<strong>bold</strong>" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    file = site.client("viewer").get(f"/r/{site.run.pk}/download?from=shared&number=1")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "**bold**" in file.content.decode()
    assert site.client("viewer").get(f"/r/{site.run.pk}/download?from=shared&number=9").status_code == 404
    assert site.client("stranger").get(f"/r/{site.run.pk}/download?from=input&number=1").status_code == 404


def test_a_large_result_is_cut_on_the_page_and_whole_in_the_file(site: Site) -> None:
    """Issue 4, bad input: results of 1 MB."""
    text, many = "x" * 1_000_000, list(range(100_000))
    value = {"text": text, "many": many}
    WorkflowRun.objects.filter(pk=site.run.pk).update(
        status="completed", finished_at=timezone.now(), result={"kind": "structured", "value": value}
    )
    for query in ("", "?tab=results"):
        page = _page(site, query)
        assert len(page) < 700_000
    assert "are left out here" in page
    assert json.loads(site.client("viewer").get(f"/r/{site.run.pk}/download").content) == value


def test_time_says_what_the_run_was_doing_and_for_whom_it_waits(site: Site) -> None:
    """Issue 4: a Gantt of stages, turns and waits, with totals; what is drawn is also said."""
    run = WorkflowRun.objects.get(pk=site.run.pk)
    begun = StageRun.objects.get(run=run, position=0).started_at - timedelta(seconds=90)
    StageRun.objects.filter(run=run, position=0).update(started_at=begun)
    AgentTurn.objects.filter(agent_run__run=run, agent_run__stage_run__position=0).update(at=begun, seconds=30)
    Gate.objects.filter(pk=site.gate.pk).update(opened_at=timezone.now() - timedelta(seconds=5))
    page = text_of(site.client("viewer").get(f"/r/{run.pk}?tab=time"))

    assert "Waiting for a person" in page
    assert re.search(r"Working 3\d s", page)
    assert "on the critical path" in page
    assert "Sign off" in page


def test_prompts_show_what_was_sent_and_answered(site: Site) -> None:
    """Issue 4: what each turn was sent and answered; of one agent where it is chosen."""
    page = _page(site, "?tab=prompts")
    assert "What was sent" in page
    assert "Looked." in page
    assert "Looked." not in _page(site, "?tab=prompts&agent=Ben")
    assert "No model was asked yet" in _page(site, "?tab=prompts&page=99")


def test_the_page_says_why_a_run_waits_and_how_to_end_it(site: Site) -> None:
    """Rule 10.4: the chain, since when, until when, what then."""
    page = text_of(site.client("operator").get(f"/r/{site.run.pk}"))
    assert "Why is it waiting?" in page
    assert "Without an answer by then, the deadline decides the outcome." in page

    site.client("operator").post(f"/r/{site.run.pk}/pause")
    page = _page(site, who="operator")
    assert "It goes on when somebody resumes it." in page
    assert f'action="/r/{site.run.pk}/resume"' in page


def test_a_child_shows_its_parents_and_the_parent_its_childs_stages(site: Site) -> None:
    """Rule 12.3: one click each way; the child's stages inside the parent's page."""
    site.client("operator").post(f"/a/{site.gate.pk}/answer", {"option": "Yes"})
    child = WorkflowRun.objects.get(parent=site.run)

    parent = site.client("viewer").get(f"/r/{site.run.pk}")
    assert f'href="/r/{child.pk}"' in parent.content.decode()
    assert "Out" in text_of(parent).split("Tree")[1].split("Stages")[0]
    back = site.client("viewer").get(f"/r/{child.pk}").content.decode()
    assert back.count(f'href="/r/{site.run.pk}"') >= 2  # the breadcrumb and the tree


def test_a_stage_opens_with_its_visits(site: Site) -> None:
    """Ui.md, drawers: Run stage."""
    drawer = text_of(site.client("viewer").get(f"/r/{site.run.pk}/stages/2"))
    assert "Stage: Look" in drawer
    assert "Check every claim." in drawer
    assert "Visit 1 of 5" in drawer
    for number in ("0", "4", "99999999"):
        assert site.client("viewer").get(f"/r/{site.run.pk}/stages/{number}").status_code == 404
    assert site.client("stranger").get(f"/r/{site.run.pk}/stages/2").status_code == 404


def test_a_stage_that_was_visited_often_opens_with_its_newest_visits(
    site: Site, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    """Ui.md, drawers: Run stage. A loop of a thousand visits is read in parts, each visit in one of them."""
    (first,) = StageRun.objects.filter(run=site.run, position=1)
    more = {"run": site.run, "position": 1, "name": "Look", "status": "done", "started_at": first.started_at}
    StageRun.objects.bulk_create(StageRun(id=uuid4(), entry=100 + visit, visit=visit, **more) for visit in range(2, 64))
    address, seen = f"/r/{site.run.pk}/stages/2", list[str]()
    while address:
        with django_assert_max_num_queries(20):
            part = site.client("viewer").get(address).content.decode()
        seen += re.findall(r"Visit (\d+) of 5", part)
        assert len(seen) % 20 == 0 or "Show earlier visits" not in part
        older = re.search(r'hx-get="([^"]*before=\d+)"', part)
        address = older[1] if older else ""

    assert [int(each) for each in seen] == list(range(63, 0, -1))
    assert site.client("stranger").get(f"/r/{site.run.pk}/stages/2?before=9").status_code == 404


def test_spans_are_cut_where_they_overlap_and_gaps_are_queued() -> None:
    """Issue 4: every moment of an agent has one colour."""
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def at(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    spans = with_gaps([Span("workflow", at(3), at(8)), Span("working", at(1), at(4))], at(0), at(10))

    assert [(each.kind, each.seconds) for each in spans] == [
        ("queued", 1),
        ("working", 3),
        ("workflow", 4),
        ("queued", 2),
    ]
    assert totals(spans) == {"working": 3, "workflow": 4, "person": 0, "queued": 3, "retrying": 0}


def test_the_line_of_a_stage_says_what_its_agents_wait_for() -> None:
    """Issue 4: a stage whose agents wait is not queued; where one works, it is at work."""
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def span(kind: str, begin: int, end: int) -> Span:
        return Span(kind, start + timedelta(seconds=begin), start + timedelta(seconds=end))

    several = [
        *(span("working", 0, 2), span("working", 1, 3), span("workflow", 2, 9), span("person", 4, 6)),
        *(span("queued", 0, 20), span("retrying", 8, 12), span("person", 14, 14)),
    ]

    assert one_line(several) == [
        *(span("working", 0, 3), span("workflow", 3, 4), span("person", 4, 6)),
        *(span("workflow", 6, 9), span("retrying", 9, 12)),
    ]


def test_a_tab_that_shows_what_was_says_that_there_is_more(site: Site) -> None:
    """Rule 12.1, on the tabs that are not redrawn: nothing is pushed into what somebody reads."""
    seq = WorkflowRun.objects.get(pk=site.run.pk).seq
    address = f"/r/{site.run.pk}/sync?tab=prompts&since="
    assert "More has happened since" in site.client("viewer").get(f"{address}{seq - 1}").content.decode()
    assert "tab-news" not in site.client("viewer").get(f"{address}{seq}").content.decode()


def test_a_page_of_a_long_run_asks_the_database_as_little_as_that_of_a_short_one(site: Site) -> None:
    """Issue 4, speed: the first page of every tab holds a part of a long run, in as many queries, whatever there is of
    events, visits, agents, turns and calls."""
    run, now = site.run, timezone.now()
    addresses = [*(f"?tab={tab}" for tab in TABS), "/sync?since=1", "/stages/2"]
    before = {address: _cost(site, address)[0] for address in addresses}
    first = run.seq + 1
    Event.objects.bulk_create(
        Event(run=run, seq=first + place, at=now, kind="agent.message", stage="Look", agent="Ada", data={"text": "Hm."})
        for place in range(5_000)
    )
    WorkflowRun.objects.filter(pk=run.pk).update(seq=first + 4_999)
    _look_often(run, 100)

    for address in addresses:
        queries, length = _cost(site, address)
        assert queries <= before[address] + 1, address  # one more asks whether there are older ones
        assert length < 400_000, address


def _cost(site: Site, address: str) -> tuple[int, int]:
    """How many queries a page of the run takes, and its length.

    What a version holds is read once per process where it is committed, as it is not in a test."""
    with CaptureQueriesContext(connection) as asked:
        page = _page(site, address)
    return sum('SELECT "builder_workflowversion"."content"' not in each["sql"] for each in asked), len(page)


def _look_often(run: WorkflowRun, times: int) -> None:
    """The second stage visited so often again, by two agents of one turn, each visit with a run that it triggered."""
    now, like = timezone.now(), StageRun.objects.get(run=run, position=1)
    turn = AgentTurn.objects.filter(agent_run__run=run).first()
    assert turn is not None
    for entry in range(100, 100 + times):
        visit = StageRun(id=uuid4(), run=run, entry=entry, position=1, name="Look", visit=entry, status="done")
        visit.started_at = visit.finished_at = like.started_at
        visit.save(force_insert=True)
        for place, name in enumerate(("Ada", "Ben")):
            more = {
                "run": run,
                "agent": name,
                "status": "done",
                "changed_at": now,
                "started_at": now,
                "finished_at": now,
            }
            key = f"{entry}/{place}"
            agent = AgentRun.objects.create(id=uuid4(), stage_run=visit, key=key, position=place, **more)
            AgentTurn.objects.create(
                agent_run=agent, number=1, model=turn.model, request=turn.request, response=turn.response, at=now
            )
        WorkflowCall.objects.create(
            id=uuid4(), run=run, agent_run=agent, key=f"{key}/1/0", stage="Look", workflow_name="Publish",
            child=run, status="completed", since=now,
        )  # fmt: skip
