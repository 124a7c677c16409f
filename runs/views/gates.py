"""The inbox and the approval page. A GET never decides."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from projects.access import Caller
from projects.errors import BatonError, Forbidden
from runs import control, queries
from runs.errors import AlreadyAnswered, GateClosed
from runs.models import Gate
from runs.pages import gates as pages
from runs.pages.inbox import inbox
from runs.pages.links import links_card
from runs.views.posting import posted_from
from runs.views.runs import caller_of


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Everything that waits for the viewer, oldest first."""
    return render(request, "runs/approvals.html", inbox(caller_of(request)))


@require_safe
def approvals_sync(request: HttpRequest) -> HttpResponse:
    """The inbox as it stands now, for a page that shows it."""
    return render(request, "runs/_approvals_sync.html", inbox(caller_of(request)))


@require_safe
def gate(request: HttpRequest, gate_id: str) -> HttpResponse:
    """One approval, alone."""
    caller = caller_of(request)
    found = queries.gate_for(caller, gate_id)
    return render(request, "runs/gate.html", _shown(caller, found))


@require_safe
def gate_sync(request: HttpRequest, gate_id: str) -> HttpResponse:
    """The approval as it stands now, for a page that shows it."""
    caller = caller_of(request)
    found = queries.gate_for(caller, gate_id)
    return render(request, "runs/_gate_sync.html", _shown(caller, found))


def _shown(caller: Caller, found: Gate, **told: str) -> dict[str, Any]:
    """The approval with its links."""
    return {**pages.gate_page(caller, found, **told), "links": links_card(caller, found)}


@posted_from("gate")
def answer(request: HttpRequest, gate_id: str) -> HttpResponse:
    """Decide, once. Whoever comes later is told who was first."""
    caller = caller_of(request)
    found = queries.gate_for(caller, gate_id)
    comment = request.POST.get("comment", "")
    given = control.Answer(request.POST.get("option", ""), comment, caller, "inbox")
    try:
        control.answer_gate(found, given)
    except BatonError as error:
        return _refused(request, caller, found, error, comment)
    if request.headers.get("HX-Request"):
        found.refresh_from_db()
        return render(request, "runs/_gate.html", {"gate": pages.card_for(caller, found)})
    return HttpResponseRedirect(reverse("gate", args=[found.pk]))


def _refused(request: HttpRequest, caller: Caller, found: Gate, error: BatonError, comment: str) -> HttpResponse:
    """The same card or page with the reason; what was typed is kept."""
    found.refresh_from_db()
    told = (
        {"note": error.message}
        if isinstance(error, GateClosed | AlreadyAnswered | Forbidden)
        else {"error": error.message}
    )
    if request.headers.get("HX-Request"):
        card = pages.card_for(caller, found, comment=comment, **told)
        answer = render(request, "runs/_gate.html", {"gate": card}, status=error.status)
        # The card follows the run, and may be gone in a moment.
        answer["HX-Trigger"] = json.dumps({"toast": {"text": error.message, "tone": "warning"}})
        return answer
    return render(request, "runs/gate.html", _shown(caller, found, comment=comment, **told), status=error.status)
