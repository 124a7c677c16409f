"""The dialogs of control on the run page, and the page that compares two runs."""

from __future__ import annotations

import re
from itertools import count
from uuid import uuid4

from django.contrib.auth.models import User

from projects.access import Caller
from runs.advance import claim
from runs.control import Answer as GateAnswer
from runs.control import answer_gate, cancel_started_run
from runs.effects.agent_turn import carry_out
from runs.models import AgentRun, Event, StageRun, WorkflowRun
from runs.operations import Start, start_run
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, form_in


def _drive(run: WorkflowRun) -> WorkflowRun:
    """The worker's loop, without its threads, until the run waits or has ended."""
    outcome = claim(run.pk)
    while outcome is not None and outcome.step is not None:
        outcome = carry_out(outcome.step)
    run.refresh_from_db()
    return run


def _ended(site: Site, option: str = "No") -> WorkflowRun:
    answer_gate(site.gate, GateAnswer(option, "", Caller(User.objects.get(username="owner")), "inbox"))
    return _drive(site.run)


def _newest(site: Site) -> WorkflowRun:
    return WorkflowRun.objects.filter(project=site.project).order_by("-number")[0]


def _page(site: Site, path: str, who: str = "operator") -> Answer:
    return site.client(who).get(path)


def test_a_stop_says_what_it_stops_and_takes_a_choice(site: Site) -> None:
    """Rule 10.1: the runs that are waited for, down to the last; the choice of letting them go on."""
    top = _drive(start_run(site.workflow("Deep 2"), "", Start("manual"))[0])
    if top.status != "waiting":  # its outcome is decided by nobody: the run that waits for a person serves as well
        top = site.run
    page = text_of(_page(site, f"/r/{top.pk}"))
    dialog = site.client("operator").get(f"/r/{top.pk}/stop", headers=HTMX)
    form = form_in(dialog, "/r/")
    alone = text_of(_page(site, f"/r/{top.pk}/stop"))
    site.client("operator").post(form.action, form.with_changes({}), headers=HTMX)

    assert "Stop run" in page
    assert "Message" in page
    assert "It waits for no other run." in text_of(dialog)
    assert f"Stop {top.workflow_name} #{top.number}?" in alone
    assert WorkflowRun.objects.get(pk=top.pk).status == "cancelled"
    assert site.client("viewer").get(f"/r/{top.pk}/stop").status_code == 403
    assert site.client("stranger").get(f"/r/{top.pk}/stop").status_code == 404


def test_a_message_that_cannot_be_sent_stays_in_its_field(site: Site) -> None:
    """Rule 10.3: sent to whoever begins next; an empty one answers at the field, a late one above it."""
    form = form_in(site.client("operator").get(f"/r/{site.run.pk}/message", headers=HTMX), "/r/")
    empty = site.client("operator").post(form.action, form.with_changes({"text": "  "}), headers=HTMX)
    sent = site.client("operator").post(form.action, form.with_changes({"text": "Mind <b>it</b>."}), headers=HTMX)
    cancel_started_run(site.run.pk, by="owner")
    late = site.client("operator").post(form.action, form.with_changes({"text": "Too late."}), headers=HTMX)

    assert empty.status_code == 422
    assert 'id="message-text-error"' in empty.content.decode()
    assert sent.headers["HX-Redirect"] == f"/r/{site.run.pk}"
    assert Event.objects.get(run=site.run, kind="message.received").data["text"] == "Mind <b>it</b>."
    assert late.status_code == 422
    assert "an unfinished run was wanted" in text_of(late)
    assert "Too late." in late.content.decode()


def test_a_finished_run_is_run_again_from_a_stage(site: Site) -> None:
    """Rule 10.2: the dialog tells what has changed, one start however often it is sent, and the new run says what it
    repeats, with the way to compare both."""
    old = _ended(site)
    path = f"/r/{old.pk}/again"
    site.stage("Look").delete()
    site.workflow("Review").save()
    page = text_of(_page(site, f"/r/{old.pk}"))
    here = f"{path}?from=Look"
    for who, offered in (("operator", True), ("viewer", False)):
        assert (f'href="{here}"' in _page(site, f"/r/{old.pk}/stages/2", who).content.decode()) is offered
    assert '<option value="Look" selected>' in _page(site, here).content.decode()
    form = form_in(site.client("operator").get(path, headers=HTMX), "/r/")
    sent = form.with_changes({"stage": "Look", "version": "same"})
    first = site.client("operator").post(form.action, sent, headers=HTMX)
    second = site.client("operator").post(form.action, sent, headers=HTMX)
    new = _newest(site)
    shown = text_of(_page(site, f"/r/{new.pk}"))
    wrong = site.client("operator").post(form.action, {**sent, "key": "other", "stage": "Nowhere"}, headers=HTMX)

    assert "Run again" in page
    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"] == f"/r/{new.pk}"
    assert (new.number, new.origin, new.version_id) == (old.number + 1, "rerun", old.version_id)
    assert f"Re-run of #{old.number} from Look" in shown
    assert f"Compare with #{old.number}" in shown
    assert wrong.status_code == 422
    assert 'id="again-stage-error"' in wrong.content.decode()
    assert site.client("viewer").get(path).status_code == 403


def test_the_time_of_a_kept_stage_is_that_of_the_run_it_was_kept_from(site: Site) -> None:
    """Rule 10.2: what is kept took no time of the new run; the tab says whose time it took, and leads there."""
    old = _ended(site)
    form = form_in(site.client("operator").get(f"/r/{old.pk}/again", headers=HTMX), "/r/")
    site.client("operator").post(form.action, form.with_changes({"stage": "Archive"}), headers=HTMX)
    new = _drive(_newest(site))

    page = _page(site, f"/r/{new.pk}?tab=time")
    assert f'Kept from <a href="/r/{old.pk}?tab=time">#{old.number}</a>' in page.content.decode()
    assert text_of(page).count("Kept from") == 2  # Draft and Look; their agents have no line
    assert "Archive" in text_of(page)
    old.delete()
    assert f"Kept from #{old.number}" in text_of(_page(site, f"/r/{new.pk}?tab=time"))


def test_a_kept_stage_says_so_on_the_drawing_and_in_its_drawer(site: Site) -> None:
    """Rule 10.2 and ui.md, section 6: what this run has not done itself is not called done, and shows no time."""
    old = _ended(site)
    form = form_in(site.client("operator").get(f"/r/{old.pk}/again", headers=HTMX), "/r/")
    site.client("operator").post(form.action, form.with_changes({"stage": "Archive"}), headers=HTMX)
    new = _drive(_newest(site))

    page = _page(site, f"/r/{new.pk}").content.decode()
    said = re.findall(r'<span id="says-\d+" hidden>([^<]*)</span>', page)
    kept = f"Kept from #{old.number}"
    assert said == [f"Stage 1: Draft, {kept}", f"Stage 2: Look, {kept}", "Stage 3: Archive, Done"]
    states = re.findall(r'<div class="node-state">(.*?)</div>', page)
    assert ["elapsed" in state for state in states] == [False, False, True]
    assert "#state-kept" in states[0]
    assert page.split('id="card-1"')[1].split('id="open-1"')[0].count("#state-kept") == 1  # its agent, on its chip
    drawer = _page(site, f"/r/{new.pk}/stages/1")
    assert text_of(drawer).count(kept) == 2  # the stage and its visit
    agent = AgentRun.objects.get(run=new, stage_run__name="Draft")
    work = _page(site, f"/r/{new.pk}/agents/{agent.pk}")
    assert kept in text_of(work)
    assert f'It worked in run <a href="/r/{old.pk}">#{old.number}</a>' in work.content.decode()
    assert "data-since" not in work.content.decode()


def test_two_runs_are_compared_side_by_side(site: Site) -> None:
    """Issue 4.4: route, outcomes, results, time, tokens and cost; what does not fit is said at the field."""
    old = _ended(site)
    form = form_in(site.client("operator").get(f"/r/{old.pk}/again", headers=HTMX), "/r/")
    site.client("operator").post(form.action, form.with_changes({"stage": "Archive"}), headers=HTMX)
    new = _drive(_newest(site))
    other = _drive(start_run(site.workflow("Publish"), "", Start("manual"))[0])
    both = site.client("viewer").get(f"/runs/compare?a={old.pk}&b={new.pk}")
    text = text_of(both)
    boxes = text_of(site.client("viewer").get(f"/runs/compare?run={old.pk}&run={new.pk}"))
    alone = site.client("viewer").get(f"/runs/compare?a=&b={old.pk}")
    unlike = site.client("viewer").get(f"/runs/compare?a={old.pk}&b={other.pk}")
    gone = site.client("viewer").get(f"/runs/compare?a={old.pk}&b=nothing")

    assert (new.status, both.status_code) == ("completed", 200)
    for word in ("Took", "Cost", "Outcome reject", "Archive", f"Kept from #{old.number}", f"Re-run of #{old.number}"):
        assert word in text
    assert "The same in both." in text
    assert boxes == text
    assert (alone.status_code, unlike.status_code, gone.status_code) == (200, 422, 422)
    assert "different workflows" in text_of(unlike)
    assert "Choose two runs" in text_of(alone)
    assert site.client("stranger").get(f"/runs/compare?a={old.pk}&b={new.pk}").status_code == 404


def _loops(run: WorkflowRun, times: int, *, odd: int) -> None:
    """As if the run had visited its second stage so often; visit `odd` ended otherwise."""
    like = StageRun.objects.get(run=run, name="Look")
    entries = count(100)
    StageRun.objects.bulk_create(
        StageRun(
            id=uuid4(), run=run, entry=next(entries), position=1, name="Look", visit=visit, status="done",
            outcome="approve" if visit == odd else "revise", started_at=like.started_at, finished_at=like.started_at,
        )
        for visit in range(2, times + 1)
    )  # fmt: skip


def test_a_thousand_steps_are_compared_page_by_page(site: Site, django_assert_max_num_queries: object) -> None:
    """Issue 4.4: a run may have made a thousand visits; a page holds fifty, and those that differ are found at once."""
    old = _ended(site)
    new = _drive(start_run(site.workflow("Review"), "Go.", Start("manual"))[0])
    _loops(old, 1_000, odd=0)
    _loops(new, 990, odd=500)
    address = f"/runs/compare?a={old.pk}&b={new.pk}"

    with django_assert_max_num_queries(40):  # type: ignore[operator]
        first = site.client("viewer").get(address)
    pages = [text_of(first), text_of(site.client("viewer").get(f"{address}&page=3"))]
    differing = text_of(site.client("viewer").get(f"{address}&steps=differing"))
    none = site.client("viewer").get(f"{address}&page=99")

    assert "Steps 1 to 50 of 1002" in pages[0]
    assert "Steps 101 to 150 of 1002" in pages[1]
    assert len(re.findall(r"Step \d", pages[0])) == 50
    assert "page=2#steps" in first.content.decode()
    found = [int(each) for each in re.findall(r"Step (\d+) , differs", differing)]
    assert found == [2, 3, 502, *range(993, 1003)]  # one waits at its second step; the ends that only the other has
    assert none.status_code == 200


def test_the_list_of_a_workflow_leads_to_the_comparison(site: Site) -> None:
    """Issue 4.4: where there are two runs to compare; the newest is chosen."""
    address = f"/w/{site.workflow('Review').pk}/runs"
    before = text_of(_page(site, address))
    new = start_run(site.workflow("Review"), "", Start("manual"))[0]
    after = _page(site, address).content.decode()

    assert "Compare runs" not in before
    assert f"/runs/compare?b={new.pk}" in after
