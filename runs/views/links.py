"""Approval links: making and withdrawing one, and the page that it opens. A GET never decides and uses nothing up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from projects.access import Role
from projects.errors import BatonError, Conflict, Forbidden, Invalid, NotFound
from runs import links, queries
from runs.errors import GateClosed, LinkEnded
from runs.models import ApprovalLink
from runs.pages import links as pages
from runs.views.posting import posted_from
from runs.views.runs import caller_of

View = Callable[..., HttpResponse]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def gate_links(request: HttpRequest, gate_id: str) -> HttpResponse:
    """The dialog that asks whom a link is for, makes it, and shows it this once."""
    caller = caller_of(request)
    gate = queries.gate_for(caller, gate_id, Role.OPERATOR)
    if request.method != "POST":
        return _dialog(request, pages.link_dialog(caller, gate))
    user = request.POST.get("user", "")
    try:
        made = links.create_link(caller, gate, user)
    except (Invalid, Conflict) as error:
        told = error.details[0].message if error.details else error.message
        return _dialog(request, pages.link_dialog(caller, gate, user=user, error=told), status=error.status)
    context = pages.link_dialog(caller, gate, user=user, url=pages.address_of(request, made.secret))
    return _dialog(request, {**context, "links": pages.links_card(caller, gate)})


def _dialog(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "runs/_link_dialog.html", context, status=status)
    return render(request, "runs/control.html", {**context, "dialog": "runs/_link_dialog.html"}, status=status)


@posted_from("gate-links")
def withdraw(request: HttpRequest, gate_id: str, link_id: int) -> HttpResponse:
    """End a link at once."""
    caller = caller_of(request)
    gate = queries.gate_for(caller, gate_id, Role.OPERATOR)
    links.withdraw_link(caller, gate, link_id)
    if request.headers.get("HX-Request"):
        return render(request, "runs/_gate_links.html", {"links": pages.links_card(caller, gate)})
    return HttpResponseRedirect(reverse("gate", args=[gate.pk]))


# Whoever holds the link


class _SameForm(CsrfViewMiddleware):
    """Django's check of the form's token. A page without a referrer sends the origin `null`, which says nothing; and
    the address is a secret, so that a refusal does not go to the log."""

    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.META["HTTP_ORIGIN"] == "null" or bool(super()._origin_verified(request))  # type: ignore[misc]

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)


def _secret_page(view: View) -> View:
    """For a page whose address is a secret: kept by nobody, sent on to nobody, found by nobody."""

    @wraps(view)
    def answer(request: HttpRequest, secret: str) -> HttpResponse:
        response = view(request, secret)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


@login_not_required
@csrf_exempt
@never_cache
@_secret_page
@require_http_methods(["GET", "HEAD", "POST"])
def approval_link(request: HttpRequest, secret: str) -> HttpResponse:
    """One approval for one person, who need not sign in: GET shows it, POST decides, once."""
    try:
        link = links.opened(secret)
        links.check_works(link)
        return _answer(request, link) if request.method == "POST" else _page(request, link)
    except (NotFound, LinkEnded, GateClosed, Forbidden) as error:
        status = 404 if isinstance(error, NotFound) else 410
        return render(request, "runs/link_ended.html", {"message": error.message, "status": status}, status=status)


def _answer(request: HttpRequest, link: ApprovalLink) -> HttpResponse:
    comment = request.POST.get("comment", "")
    if _SameForm(_nothing).process_view(request, _nothing, (), {}) is not None:
        told = "The page was open for too long, or your browser keeps no cookies. Please answer again."
        return _page(request, link, status=403, comment=comment, error=told)
    try:
        gate = links.answer_by_link(link, request.POST.get("option", ""), comment)
    except (LinkEnded, GateClosed, Forbidden):
        raise
    except BatonError as error:
        return _page(request, link, status=error.status, comment=comment, error=error.message)
    link.gate = gate
    return _page(request, link, done="yes")


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _page(request: HttpRequest, link: ApprovalLink, status: int = 200, *, done: str = "", **told: str) -> HttpResponse:
    context = pages.link_page(link, request.path, **told)
    if done:
        context["gate"] |= {"can_answer": False, "why_not": "Others still have to answer.", "done": True}
    return render(request, "runs/link.html", context, status=status)
