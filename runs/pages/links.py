"""Approval links on the page of their gate, the dialog that makes one, and the page that a link opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from projects.access import Caller, Role, role_of
from runs.engine.status import GateStatus
from runs.links import links_of, receivers
from runs.models import ApprovalLink, Gate
from runs.pages.control import shown
from runs.pages.gates import gate_page

Json = Any


def address_of(request: HttpRequest, secret: str) -> str:
    """The whole address of a link, as it is sent to somebody."""
    path = reverse("approval-link", args=[secret])
    return f"{settings.BATON.public_url}{path}" if settings.BATON.public_url else request.build_absolute_uri(path)


def links_card(caller: Caller, gate: Gate) -> dict[str, Json] | None:
    """What runs/_gate_links.html shows; None for whoever may not operate, and where there is nothing to show."""
    role = role_of(caller, gate.run.project)
    if role is None or not role.includes(Role.OPERATOR):
        return None
    rows, open_ = [_row(link) for link in links_of(gate)], bool(receivers(caller, gate))
    return {"rows": rows, "new_url": reverse("gate-links", args=[gate.pk]) if open_ else ""} if rows or open_ else None


def _row(link: ApprovalLink) -> dict[str, Json]:
    works = link.used_at is None and link.gate.status == GateStatus.OPEN.value
    return {
        "user": link.user.get_username(),
        "made_by": link.made_by.get_username() if link.made_by else "",
        "made_at": link.made_at,
        "used_at": link.used_at,
        "withdraw_url": reverse("gate-link-withdraw", args=[link.gate_id, link.pk]) if works else "",
    }


def link_dialog(caller: Caller, gate: Gate, *, user: str = "", url: str = "", error: str = "") -> dict[str, Json]:
    """The context of runs/_link_dialog.html: whom a link can be for, or the one just made."""
    people = receivers(caller, gate)
    return {
        **shown(gate.run),
        "gate": {"title": gate.stage, "url": reverse("gate", args=[gate.pk]), "deadline": gate.deadline},
        "people": people,
        "user": user or (caller.user.get_username() if caller.user.get_username() in people else ""),
        "you": caller.user.get_username(),
        "link_url": url,
        "links_url": reverse("gate-links", args=[gate.pk]),
        "errors": {"user": error},
    }


def link_page(link: ApprovalLink, address: str, **told: str) -> dict[str, Json]:
    """The context of runs/link.html: the approval as its person would see it, with nothing that leads elsewhere."""
    page = gate_page(Caller(link.user), link.gate, **told)
    page["run"]["url"] = ""
    page["gate"] |= {"answer_url": address}
    return {"run": page["run"], "gate": page["gate"], "person": link.user.get_username()}
