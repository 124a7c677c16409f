"""Approval links: one person answers one gate on a phone, without signing in, and nothing else happens by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from projects.access import Caller
from projects.models import AuditEntry, Member
from projects.tokens import digest
from runs.control import cancel_started_run
from runs.links import MAX_LINKS, check_works, create_link
from runs.links import opened as opened_link
from runs.models import ApprovalLink, Event, Gate
from runs.waits import expire_gate
from tests.web.conftest import HTMX, Site, text_of
from tests.web.test_gates import opened, post

PREVIEW = {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Purpose": "prefetch"}


@dataclass
class Phone:
    """A browser that nobody has signed in on, at the address of a link."""

    address: str
    client: Client

    def get(self, **more: Any) -> Any:
        return self.client.get(self.address, **more)

    def press(self, option: str, comment: str = "", **more: Any) -> Any:
        """Answer with the token of the form, as the page has it."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get().content.decode())
        token = found[1] if found else ""
        sent = {"option": option, "comment": comment, "csrfmiddlewaretoken": token}
        return self.client.post(self.address, sent, headers={"Origin": "null"}, **more)


def phone(site: Site, gate: Gate, *, by: str = "operator", to: str = "operator") -> Phone:
    """A phone with the link that one member has made for another."""
    made = create_link(Caller(User.objects.get(username=by)), gate, to)
    return Phone(f"/a/{made.secret}", Client(enforce_csrf_checks=True))


def test_whoever_has_the_link_answers_without_signing_in(site: Site) -> None:
    """Issue 4, item 5; trust P15, P16: recorded as the person whom the link is for, by the channel link, once."""
    mine = phone(site, site.gate, by="owner", to="operator")
    shown = mine.get()

    assert shown.status_code == 200
    assert all(words in text_of(shown) for words in ("You answer as operator", "Fine?", "Yes leads to"))
    assert "/r/" not in shown.content.decode().replace("/static/", "")
    assert "You answer as" not in text_of(given := mine.press("Yes", "From the train."))
    assert (given.status_code, "Your answer is recorded" in text_of(given)) == (200, True)
    gate = Gate.objects.get(pk=site.gate.pk)
    assert gate.status == "answered"
    assert gate.answer is not None
    kept = {name: gate.answer[name] for name in ("by", "channel", "comment")}
    assert kept == {"by": "operator", "channel": "link", "comment": "From the train."}
    assert gate.answered_by == User.objects.get(username="operator")
    assert Event.objects.get(run=gate.run, kind="gate.answered").data["channel"] == "link"
    for again in (mine.get(), mine.press("No")):
        assert again.status_code == 410
        assert "Already answered by operator: Yes, at 20" in text_of(again)
    assert "operator (link)" in text_of(site.client("viewer").get(f"/a/{gate.pk}"))
    assert "For operator made by owner" in text_of(site.client("operator").get(f"/a/{gate.pk}"))


def test_previews_and_prefetches_decide_nothing_and_use_nothing_up(site: Site) -> None:
    """Issue 4, bad input; trust P16: whatever reads the page, however often; nothing is kept and nothing sent on."""
    mine = phone(site, site.gate)
    for method in (mine.client.get, mine.client.head):
        for address in (mine.address, f"{mine.address}?option=Yes"):
            seen = method(address, headers=PREVIEW)
            assert seen.status_code == 200
            assert (seen["Referrer-Policy"], seen["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
            assert "no-store" in seen["Cache-Control"]
    for name in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert mine.client.generic(name, mine.address, headers=PREVIEW).status_code == 405

    site.gate.refresh_from_db()
    assert (site.gate.status, ApprovalLink.objects.get().used_at) == ("open", None)
    assert mine.press("Yes").status_code == 200


def test_an_answer_needs_the_form_of_the_page(site: Site) -> None:
    """Trust P16: POST with a CSRF token; without it, or from another site, nothing is decided."""
    mine = phone(site, site.gate)
    mine.get()
    token = mine.client.cookies["csrftoken"].value
    refused = [
        mine.client.post(mine.address, {"option": "Yes", "comment": "Kept."}),
        mine.client.post(mine.address, {"option": "Yes", "csrfmiddlewaretoken": "x" * 64}),
        mine.client.post(
            mine.address, {"option": "Yes", "csrfmiddlewaretoken": token}, headers={"Origin": "https://evil.example"}
        ),
    ]

    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert "Kept." in text_of(refused[0])
    assert "Please answer again" in text_of(refused[0])
    site.gate.refresh_from_db()
    assert site.gate.status == "open"
    wrong = mine.press("Maybe", "Kept too.")
    assert (wrong.status_code, "Kept too." in text_of(wrong)) == (422, True)
    assert mine.press("No").status_code == 200


def test_only_the_digest_of_a_link_is_stored(site: Site) -> None:
    """Trust P16: 256 bits, hashed, bound to gate and person; told in the audit without the secret."""
    made = create_link(Caller(User.objects.get(username="owner")), site.gate, "editor")

    assert len(made.secret) == 43
    assert made.row.digest == digest(made.secret)
    entry = AuditEntry.objects.get(action="gate.link_created")
    assert (entry.actor, entry.object, entry.data["user"]) == ("owner", str(site.gate.pk), "editor")
    assert made.secret not in str(entry.data)


def test_a_link_that_never_was_is_not_found(site: Site) -> None:
    """Issue 4, bad input: a clear page, the same whether somebody is signed in or not."""
    for secret in ("x" * 43, "x" * 42, "-" * 200):
        for who in ("nobody", "owner"):
            answer = site.client(who).get(f"/a/{secret}")
            assert (answer.status_code, "There is no such link" in text_of(answer)) == (404, True)
            assert "no-store" in answer["Cache-Control"]


def test_a_link_ends_with_its_gate(site: Site) -> None:
    """Trust P16, issue 4 (an expired link): expired, cancelled, or answered elsewhere, also between look and answer."""
    expired = opened(site, deadline={"after": 60, "outcome": "reject"})
    cancelled, answered = opened(site), opened(site)
    phones = {gate.pk: phone(site, gate) for gate in (expired, cancelled, answered)}
    assert expire_gate(expired)
    cancel_started_run(cancelled.run_id, by="owner")
    assert post(site.client("owner"), answered, "No").status_code == 302

    for gate, words in (
        (expired, "The gate expired at"),
        (cancelled, "The gate was cancelled with its run"),
        (answered, "Already answered by owner: No"),
    ):
        for answer in (phones[gate.pk].get(), phones[gate.pk].press("Yes")):
            assert (answer.status_code, words in text_of(answer)) == (410, True)
            assert "Publish?" not in text_of(answer)


def test_a_link_ends_with_the_right_of_its_person(site: Site) -> None:
    """Trust F22: a current membership counts; whoever has lost it is not told what became of the gate."""
    mine = phone(site, site.gate)
    member = Member.objects.get(project=site.project, user__username="operator")
    Member.objects.filter(pk=member.pk).update(role="viewer")
    assert "needs the role operator" in text_of(mine.press("Yes"))
    Member.objects.filter(pk=member.pk).delete()
    assert post(site.client("owner"), site.gate, "No").status_code == 302
    ended = mine.get()
    assert (ended.status_code, "you are no member" in text_of(ended), "No" in text_of(ended).split()) == (
        410,
        True,
        False,
    )
    User.objects.filter(username="operator").update(is_active=False)
    assert "switched off" in text_of(mine.get())


def test_links_are_made_shown_once_and_withdrawn_on_the_gate(site: Site) -> None:
    """Issue 4, item 5: a dialog that asks for whom, the address to copy, and the list with its way back."""
    client, address = site.client("operator"), f"/a/{site.gate.pk}/links"
    assert "Approval link" in text_of(client.get(f"/a/{site.gate.pk}"))
    asked = client.get(address, headers=HTMX)
    assert [name in text_of(asked) for name in ("operator (you)", "editor", "owner", "viewer", "stranger")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    for user in ("", "stranger", "viewer", "no\x00body", "x" * 10_000):
        wrong = client.post(address, {"user": user}, headers=HTMX)
        assert (wrong.status_code, b'aria-invalid="true"' in wrong.content) == (422, True)
    for headers in (HTMX, {}):
        made = client.post(address, {"user": "editor"}, headers=headers)
        assert (made.status_code, "no-store" in made["Cache-Control"]) == (200, True)
        (secret,) = re.findall(r"http://testserver/a/([\w-]{43})<", made.content.decode())
        assert opened_link(secret).user.get_username() == "editor"
    assert secret not in client.get(address).content.decode() + client.get(f"/a/{site.gate.pk}").content.decode()

    first, second = ApprovalLink.objects.order_by("pk")  # the newer one took the place of the earlier one
    assert (first.withdrawn_at is None, second.withdrawn_at) == (False, None)
    assert "For editor made by operator" in text_of(client.get(f"/a/{site.gate.pk}"))
    gone = client.post(f"{address}/{second.pk}/withdraw", headers=HTMX)
    assert (gone.status_code, "For editor" in text_of(gone)) == (200, False)
    ended = site.client("nobody").get(f"/a/{secret}")
    assert (ended.status_code, "It was withdrawn" in text_of(ended)) == (410, True)
    assert client.post(f"{address}/{second.pk}/withdraw").status_code == 409


def test_nobody_who_may_not_operate_sees_or_makes_links(site: Site) -> None:
    """Rule 12.4: viewers read the gate and not its links; to strangers there is nothing."""
    link = create_link(Caller(User.objects.get(username="owner")), site.gate, "owner").row
    address = f"/a/{site.gate.pk}/links"
    assert "Approval link" not in text_of(site.client("viewer").get(f"/a/{site.gate.pk}"))
    for who, status in (("viewer", 403), ("stranger", 404)):
        for answer in (
            site.client(who).get(address),
            site.client(who).post(address, {"user": "owner"}),
            site.client(who).post(f"{address}/{link.pk}/withdraw"),
        ):
            assert answer.status_code == status
    assert post(site.client("owner"), site.gate, "Yes").status_code == 302
    closed = site.client("owner").post(address, {"user": "owner"})
    assert (closed.status_code, "Already answered by owner" in text_of(closed)) == (409, True)


# The rules of the gate


def test_a_link_gives_its_maker_no_answer_that_they_could_not_give(site: Site) -> None:
    """Rule 7.4 on every surface: named approvers and "the starter may not approve" cannot be got around by a link."""
    named = opened(site, approvers=["owner"])
    own = opened(site, starter="editor", starter_may_answer=False)
    for gate, maker in ((named, "operator"), (own, "editor")):
        for to in ("operator", "editor", "owner"):
            refused = site.client(maker).post(f"/a/{gate.pk}/links", {"user": to}, headers=HTMX)
            assert refused.status_code == 422
    assert ApprovalLink.objects.count() == 0
    assert phone(site, named, by="owner", to="owner").press("Yes").status_code == 200
    assert phone(site, own, by="operator", to="owner").press("No").status_code == 200


def test_where_it_takes_several_each_answers_by_a_link_of_their_own(site: Site) -> None:
    """Rule 7.4: one voice each, by whatever way; the link is used up by the voice."""
    gate = opened(site, quorum=2)
    refused = site.client("owner").post(f"/a/{gate.pk}/links", {"user": "editor"}, headers=HTMX)
    assert (refused.status_code, "each makes a link for themselves" in text_of(refused)) == (422, True)
    mine, other = phone(site, gate, by="owner", to="owner"), phone(site, gate, by="editor", to="editor")

    assert "Others still have to answer" in text_of(mine.press("Yes"))
    used = mine.get()
    assert (used.status_code, "You have answered by it: Yes. It takes 2 people" in text_of(used)) == (410, True)
    assert mine.press("No").status_code == 410
    assert post(site.client("editor"), gate, "Yes").status_code == 302  # a link that is not used does not bind
    ended = other.press("Yes")
    assert (ended.status_code, "Already answered by owner, editor: Yes" in text_of(ended)) == (410, True)
    gate.refresh_from_db()
    assert [voice["channel"] for voice in gate.answers] == ["link", "inbox"]


def test_a_question_of_an_agent_is_answered_by_a_link_too(site: Site) -> None:
    """Interfaces 4: ask_person, here with free text, and too much of it."""
    script = [{"call": "ask_person", "args": {"message": "Which <b>colour</b>?"}}, {"say": "{{result.answer}}"}]
    mine = phone(site, opened(site, script=script))

    assert "<b>colour" not in mine.get().content.decode()
    assert mine.press("", " ").status_code == 422
    assert mine.press("", "x" * 1_048_577).status_code in (413, 422)
    assert mine.press("", "Blue.").status_code == 200
    assert Gate.objects.filter(answer__comment="Blue.", status="answered").exists()


def test_a_gate_has_so_many_links_and_no_more(site: Site) -> None:
    """Bad input: links are few; whoever asks for ever more is told."""
    caller = Caller(User.objects.get(username="owner"))
    first = create_link(caller, site.gate, "owner").row
    check_works(first)
    rows = [
        ApprovalLink(digest=str(n), gate=site.gate, user=caller.user, made_at=first.made_at) for n in range(MAX_LINKS)
    ]
    ApprovalLink.objects.bulk_create(rows)
    refused = site.client("owner").post(f"/a/{site.gate.pk}/links", {"user": "owner"}, headers=HTMX)
    assert (refused.status_code, f"{MAX_LINKS} links have been made" in text_of(refused)) == (409, True)
