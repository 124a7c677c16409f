"""Approval links: one person answers one gate by a link, on a phone and without signing in.

A link never gives its maker an answer that they could not give by themselves, for whoever makes one has read it: it is
made for others by those who may answer too, and where a gate takes several people, by each for themselves only.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from projects import audit
from projects.access import Caller, role_of
from projects.approvers import people_in
from projects.errors import Conflict, Detail, Invalid, NotFound
from projects.tokens import digest
from runs import store
from runs.approvers import asked_of, may_answer, said_by, why_not
from runs.control import Answer, answer_gate, closed_message
from runs.engine.status import GateStatus
from runs.errors import GateClosed, LinkEnded
from runs.models import ApprovalLink, Gate

MAX_LINKS = 50  # ever made for one gate
CHANNEL = "link"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made; `secret` is shown once and kept nowhere."""

    row: ApprovalLink
    secret: str


def receivers(caller: Caller, gate: Gate) -> list[str]:
    """The members for whom the caller may make a link to this gate, by name."""
    if gate.status != GateStatus.OPEN.value or why_not(caller, gate, role_of(caller, gate.run.project)):
        return []
    able = may_answer(gate, people_in([gate.run.project_id]).get(gate.run.project_id, {}))
    return able if gate.quorum == 1 else [name for name in able if name == caller.user.get_username()]


def create_link(caller: Caller, gate: Gate, username: str) -> NewLink:
    """Make the link by which a member may answer the gate; it takes the place of their earlier one.

    Raises GateClosed; Invalid, with the reason at `user`; Conflict when the gate has had too many.
    """
    if gate.status != GateStatus.OPEN.value:
        raise GateClosed(closed_message(gate))
    if username not in receivers(caller, gate):
        raise Invalid(
            "No link can be made for this person.", details=[Detail("user", _why_none(caller, gate, username))]
        )
    user, secret, now = User.objects.get(username=username), secrets.token_urlsafe(32), timezone.now()

    def write() -> ApprovalLink:
        if ApprovalLink.objects.filter(gate=gate).count() >= MAX_LINKS:
            raise Conflict(f"{MAX_LINKS} links have been made for this gate, and more cannot be.")
        store.withdraw_links(gate.pk, now, user=user.pk)
        row = store.insert_link(digest(secret), gate.pk, user.pk, made_by=caller.user.pk, now=now)
        _note("gate.link_created", caller, row)
        return row

    return NewLink(store.in_transaction(write), secret)


def _why_none(caller: Caller, gate: Gate, username: str) -> str:
    project = gate.run.project_id
    people = people_in([project]).get(project, {})
    if username not in people:
        return "no such member of this project"
    if username not in may_answer(gate, people):
        return f"{username} may not answer this: asked is {asked_of(gate)}, with the role operator or higher"
    if why_not(caller, gate, role_of(caller, gate.run.project)):
        return "you may not answer this gate, so you cannot make a link by which it is answered"
    return f"it takes {gate.quorum} people: each makes a link for themselves, so that nobody answers twice"


def withdraw_link(caller: Caller, gate: Gate, link: int) -> None:
    """End a link at once. Raises NotFound for one that is not of this gate, Conflict for one that has ended."""
    row = ApprovalLink.objects.filter(pk=link, gate=gate).first()
    if row is None:
        raise NotFound("There is no such link.")
    if not store.withdraw_links(gate.pk, timezone.now(), link=link):
        raise Conflict("The link has been used or withdrawn already.")
    _note("gate.link_withdrawn", caller, row)


def _note(action: str, caller: Caller, row: ApprovalLink) -> None:
    user = row.user.get_username()
    audit.record(action, actor=caller.user.get_username(), object=str(row.gate_id), link=row.pk, user=user)


def links_of(gate: Gate) -> list[ApprovalLink]:
    """The links of a gate that work or have been used, oldest first."""
    found = ApprovalLink.objects.filter(gate=gate, withdrawn_at__isnull=True)
    rows = list(found.select_related("user", "made_by").order_by("pk"))
    for row in rows:
        row.gate = gate
    return rows


# Whoever holds the link


def opened(secret: str) -> ApprovalLink:
    """The link with that secret, whether it still works or not. Raises NotFound. Looking uses nothing up."""
    rows = ApprovalLink.objects.select_related("user", "made_by", "gate__run__project")
    row = rows.filter(digest=digest(secret)).first()
    if row is None:
        raise NotFound("There is no such link.")
    return row


def check_works(link: ApprovalLink) -> None:
    """Raise LinkEnded, with the reason, for a link that can answer nothing any more. Who has no right to the gate now
    is not told what became of it."""
    caller, gate = Caller(link.user), link.gate
    if link.withdrawn_at is not None:
        raise LinkEnded("It was withdrawn, or a newer one took its place.")
    told = "" if link.user.is_active else "Your account is switched off."
    if told := told or why_not(caller, gate, role_of(caller, gate.run.project)):
        raise LinkEnded(told)
    if gate.status != GateStatus.OPEN.value:
        raise LinkEnded(closed_message(gate))
    if link.used_at is not None:
        said = said_by(gate, link.user.get_username())
        raise LinkEnded(f"You have answered by it: {said}. It takes {gate.quorum} people, and others are still asked.")


def answer_by_link(link: ApprovalLink, option: str, comment: str) -> Gate:
    """Answer in the name of the person whom the link is for; the link is used up in the same transaction.

    Raises what answer_gate raises, and LinkEnded.
    """
    check_works(link)
    return answer_gate(link.gate, Answer(option, comment, Caller(link.user), CHANNEL, link.pk))
