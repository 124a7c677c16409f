"""Approvals as people meet them: the inbox, the page behind a link, and the words for whoever is not asked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.models import Workflow
from builder.project_file import import_project
from projects.access import Caller
from projects.models import Member
from runs.advance import claim
from runs.control import cancel_started_run
from runs.effects.agent_turn import carry_out
from runs.models import Gate
from runs.operations import Start, start_run
from runs.waits import expire_gate, remind_of
from runs.why import why
from tests.web.conftest import HTMX, Site, text_of

Json = Any
OPTIONS = {"Yes": "approve", "No": "reject"}


def opened(site: Site, *, starter: str = "editor", script: Json = None, **hook: Json) -> Gate:
    """The gate with these fields, or the question that the script asks, of a new run."""
    asks = {"kind": "approval", "name": "Sign off", "message": "Publish?", "options": OPTIONS, **hook}
    stage: Json = {"name": "Look", "outcomes": ["approve", "reject"], "exit_hooks": [] if script else [asks]}
    if script:
        stage["assignments"] = [{"agent": "Cy", "capabilities": ["ask_people"]}]
    workflow = {"name": "Ask", "stages": [stage, {"name": "Archive"}]}
    agents = [{"name": "Cy", "model": "scripted", "script": script or []}]
    file = {"format": "baton/1", "project": {"name": "Website"}, "agents": agents, "workflows": [workflow]}
    import_project(Caller(User.objects.get(username="owner")), file, slug=site.project.slug)
    starter_id = User.objects.get(username=starter).pk
    run, _ = start_run(Workflow.objects.get(project=site.project, name="Ask"), "", Start("manual", starter_id))
    outcome = claim(run.pk)
    while outcome is not None and outcome.step is not None:
        outcome = carry_out(outcome.step)
    return Gate.objects.get(run=run)


def asked(message: str, **more: Json) -> Json:
    return [{"call": "ask_person", "args": {"message": message, **more}}, {"say": "{{result.answer}}"}]


def page(site: Site, who: str, gate: Gate) -> str:
    """The approval page as somebody reads it."""
    return text_of(site.client(who).get(f"/a/{gate.pk}"))


def post(client: Client, gate: Gate, option: str, comment: str = "", **more: Any) -> Any:
    return client.post(f"/a/{gate.pk}/answer", {"option": option, "comment": comment}, **more)


def bell(client: Client) -> str:
    """The number in the top bar."""
    found = re.search(r'id="approval-count" class="count">(\d*)<', client.get("/").content.decode())
    assert found is not None
    return found[1]


# Links


def test_a_link_that_a_preview_opens_decides_nothing(site: Site) -> None:
    """Rule 7.3: a GET never decides, whoever sends it and whatever it carries."""
    for client in (site.client("nobody"), site.client("owner")):
        for address in (f"/a/{site.gate.pk}", f"/a/{site.gate.pk}?option=Yes", f"/a/{site.gate.pk}/answer?option=Yes"):
            for method in (client.get, client.head):
                assert method(address, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"}).status_code in (200, 302)

    site.gate.refresh_from_db()
    assert site.gate.status == "open"


def test_a_link_that_has_expired_or_whose_run_was_cancelled_says_so(site: Site) -> None:
    """Rules 7.3, 7.4: what became of it is said, and nothing can be pressed; a late answer is told the same."""
    expired = opened(site, deadline={"after": 60, "outcome": "reject"})
    assert expire_gate(expired)
    cancelled = opened(site)
    cancel_started_run(cancelled.run_id, by="owner")

    for gate, words in ((expired, "The gate expired at"), (cancelled, "The gate was cancelled with its run")):
        shown = site.client("owner").get(f"/a/{gate.pk}")
        late = post(site.client("owner"), gate, "Yes")
        assert words in text_of(shown)
        assert b'name="option"' not in shown.content
        assert (late.status_code, words in text_of(late)) == (409, True)


def test_a_link_of_another_project_says_that_there_is_nothing_to_see(site: Site) -> None:
    """Rule 12.4: the same words as for a link that never was."""
    foreign = site.client("stranger").get(f"/a/{site.gate.pk}")
    assert foreign.status_code == 404
    assert "belongs to a project that you are not a member of" in text_of(foreign)
    assert post(site.client("stranger"), site.gate, "Yes").status_code == 404


# Who is asked


def test_who_is_not_asked_reads_who_is_and_is_refused(site: Site) -> None:
    """Rule 7.4: named approvers and roles, on the page, in the inbox, and when somebody answers all the same."""
    gate = opened(site, approvers=["editor", "owner"])

    assert "Only an editor or an owner may answer" in page(site, "operator", gate)
    for more in ({}, {"headers": HTMX}):
        refused = post(site.client("operator"), gate, "Yes", "My note.", **more)
        assert refused.status_code == 403
        assert "Only an editor or an owner may answer" in text_of(refused)
    assert "This needs the role operator; you are viewer" in text_of(post(site.client("viewer"), gate, "Yes"))
    assert "Asked: an editor or an owner." in page(site, "editor", gate)
    assert post(site.client("editor"), gate, "Yes").status_code == 302


def test_the_starter_may_be_kept_from_answering(site: Site) -> None:
    """Rule 7.4: "the starter may not approve"."""
    gate = opened(site, starter="editor", starter_may_answer=False)

    assert "its starter may not answer" in page(site, "editor", gate)
    assert post(site.client("editor"), gate, "Yes").status_code == 403
    assert post(site.client("operator"), gate, "Yes").status_code == 302


def test_a_quorum_shows_who_has_answered_and_who_is_missing(site: Site) -> None:
    """Rule 7.4: one of two; everybody has one voice, may change it, and is told of a second equal one."""
    gate = opened(site, quorum=2, approvers=["operator", "editor", "owner"])
    first = post(site.client("operator"), gate, "Yes", "Fine.", headers=HTMX)

    assert first.status_code == 200
    assert "1 of 2" in text_of(first)
    assert "You chose Yes" in page(site, "operator", gate)
    shown = page(site, "editor", gate)
    assert all(word in shown for word in ("operator chose Yes", "“Fine.”", "Still to answer: editor or owner."))
    again = post(site.client("operator"), gate, "Yes")
    assert (again.status_code, "You have answered Yes already" in text_of(again)) == (409, True)
    assert post(site.client("editor"), gate, "Yes").status_code == 302
    late = post(site.client("owner"), gate, "No", "Too soon.")
    assert (late.status_code, "Already answered by operator, editor: Yes" in text_of(late)) == (409, True)
    assert "Your note was not sent Too soon." in text_of(late)
    assert b"live-root" in site.client("owner").get(f"/a/{site.gate.pk}").content
    assert b"live-root" not in late.content  # what it tells would be swapped away


def test_people_are_missing_and_not_their_roles(site: Site) -> None:
    """Rule 7.4: a role is not missing because one of several has answered, nor once all of it have."""
    gate = opened(site, quorum=3, approvers=["editor", "operator"])
    for who, missing in (("operator", "editor or owner"), ("editor", "owner")):
        assert post(site.client(who), gate, "Yes").status_code == 302
        for shown in (page(site, "viewer", gate), text_of(site.client("viewer").get("/approvals"))):
            assert f"Still to answer: {missing}." in shown
    assert post(site.client("owner"), gate, "No").status_code == 302
    assert "Still to answer" not in page(site, "viewer", gate)


def test_a_gate_that_too_few_can_answer_says_so_wherever_it_is_waited_for(site: Site) -> None:
    """Issue 4: what is wanted of whom, and that nobody can do it: on its page, on the run's, in the inbox, in why."""
    nobody = opened(site, approvers=["gone", "viewer1"])
    few = opened(site, starter="editor", starter_may_answer=False, approvers=["editor"], quorum=2)
    for gate, words in (
        (nobody, "Nobody in this project can answer this now: asked is gone or viewer1."),
        (few, "Only 1 can answer this now (owner), and it takes 2 people."),
    ):
        for address in (f"/a/{gate.pk}", f"/r/{gate.run_id}", "/approvals"):
            assert words in text_of(site.client("viewer").get(address)), address
        assert next(link["then"] for link in why(gate.run) if link["kind"] == "person").startswith(words)
    # A voice counts on when whoever gave it has left; the remaining one is enough then.
    Member.objects.filter(user__username="operator").update(role="editor")
    assert post(site.client("operator"), few, "Yes").status_code == 302
    Member.objects.filter(user__username="operator").delete()
    assert "can answer this now" not in page(site, "viewer", few)


# The inbox


def test_the_bell_counts_what_waits_for_the_reader(site: Site) -> None:
    """Issue 4, item 5: the count is of what this person can do something about."""
    assert [bell(site.client(who)) for who in ("viewer", "operator", "owner", "stranger")] == ["", "1", "1", ""]
    gate = opened(site, approvers=["owner"], quorum=2)
    assert [bell(site.client(who)) for who in ("operator", "owner")] == ["1", "2"]

    assert post(site.client("owner"), gate, "Yes").status_code == 302
    assert bell(site.client("owner")) == "1"


def test_the_inbox_tells_what_waits_for_whom_and_where_it_leads(site: Site) -> None:
    """Issue 4, item 5: oldest first, what is approved, what each option leads to, and who else must answer."""
    gate = opened(site, approvers=["owner", "editor"], quorum=2, reminders=[1, 2], deadline={"after": 90_000})
    for earlier, one in ((5, gate), (60, site.gate)):
        Gate.objects.filter(pk=one.pk).update(opened_at=one.opened_at - timedelta(seconds=earlier))
    gate.refresh_from_db()
    assert remind_of(gate, timezone.now())
    assert post(site.client("owner"), gate, "Yes").status_code == 302
    mine = text_of(site.client("editor").get("/approvals"))
    others = text_of(site.client("operator").get("/approvals")).split("Waiting for others")[1]

    assert mine.index("Fine?") < mine.index("Publish?")
    for words in (
        "Yes Next stage: Archive",
        "1 of 2 agreed",
        "owner chose Yes",
        "Reminded 2 times",
        "Expires in 1 day",
    ):
        assert words in mine
    assert "Only an owner or an editor may answer" in others
    assert "You chose Yes" in text_of(site.client("owner").get("/approvals"))


def test_the_inbox_asks_no_more_of_the_database_for_more_gates(site: Site) -> None:
    """Speed: a hundred approvals cost what one does."""
    client = site.client("owner")
    counts = []
    for more in (1, 5):
        for _ in range(more):
            opened(site)
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/approvals").status_code == 200
        # Definitions are kept by the process, once their transaction (here: the test's) has ended.
        counts.append(sum("builder_workflowversion" not in query["sql"] for query in seen.captured_queries))

    assert counts[0] == counts[1]


# Questions


@pytest.mark.parametrize("options", [[], ["Red", "Blue"]])
def test_a_question_of_an_agent_is_answered_in_the_same_inbox(site: Site, options: list[str]) -> None:
    """Interfaces 4: ask_person, with options or free text; the answer goes back to the agent."""
    gate = opened(site, script=asked("Which colour?", options=options))
    inbox = text_of(site.client("operator").get("/approvals"))
    shown = site.client("operator").get(f"/a/{gate.pk}")

    assert "Cy asks" in inbox
    assert "Which colour?" in inbox
    assert all(word in text_of(shown) for word in ("Cy asks you", "Which colour?", *options))
    assert (b"Your answer" in shown.content) is (not options)
    empty = post(site.client("operator"), gate, "", "")
    assert (empty.status_code, Gate.objects.get(pk=gate.pk).status) == (422, "open")
    given = post(site.client("operator"), gate, "Blue" if options else "", "It calms.", follow=True)
    assert "answered by operator" in text_of(given)
    outcome = claim(gate.run_id)
    assert outcome is not None
    assert outcome.step is not None
    carry_out(outcome.step)
    assert gate.run.agent_runs.get().text == ("Blue" if options else "It calms.")
    late = post(site.client("editor"), gate, "Red", "Mine.", headers=HTMX)
    assert (late.status_code, "Already answered by operator" in text_of(late)) == (409, True)


def test_what_an_agent_asks_is_text_whatever_it_holds(site: Site) -> None:
    """Bad input: markup in a question, an option or a voice is shown as it was written."""
    nasty = "<script>alert(1)</script> {{input}} \x1b[31mred \u202eder"
    gate = opened(site, script=asked(nasty, options=["<b>Yes</b>", "No"]))

    for address in (f"/a/{gate.pk}", "/approvals", f"/r/{gate.run_id}"):
        answer = site.client("owner").get(address).content.decode()
        assert "red der" in answer, address
        assert "<script>alert" not in answer
        assert "<b>Yes</b>" not in answer


def test_the_run_page_shows_what_a_blocked_agent_asks(site: Site) -> None:
    """Rule 12.3: the agent, what it asks, a link to the question; and its answer among its turns afterwards."""
    gate = opened(site, script=asked("Which colour?"))
    shown = site.client("operator").get(f"/r/{gate.run_id}")
    words = text_of(shown)

    assert "Blocked: asks “Which colour?”" in words
    assert "Waiting for an answer" in words
    assert f'href="/a/{gate.pk}"' in shown.content.decode()
    assert "asks: Which colour?" in words
    assert post(site.client("operator"), gate, "", "Blue, please.").status_code == 302
    for address in (f"/r/{gate.run_id}/agents/{gate.agent_run_id}", f"/r/{gate.run_id}?tab=prompts"):
        assert "Blue, please." in text_of(site.client("viewer").get(address)), address


@pytest.mark.parametrize(("who", "word"), [("operator", "Answer"), ("viewer", "Open")])
def test_only_who_may_answer_is_asked_to(site: Site, who: str, word: str) -> None:
    """Rule 10.4: the way to the gate says what one can do there."""
    page = site.client(who).get(f"/r/{site.run.pk}").content.decode()

    why = page.partition('<ol class="why">')[2].partition("</ol>")[0]
    assert re.findall(rf'href="/a/{site.gate.pk}"[^>]*>(\w+)', why) == [word]
