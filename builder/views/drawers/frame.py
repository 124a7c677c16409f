"""What every drawer's view does: show it, alone or on the whole page, and answer when it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from builder.models import Workflow
from builder.pages.opened import opened
from builder.pages.outline import outline_page
from builder.pages.sync import VIEWS, sync
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.callers import caller_of, edits
from projects.snapshot import snapshot

__all__ = ("caller_of", "edits", "news_of", "opened_at_once", "saved", "show")

Json = Any


def show(
    request: HttpRequest,
    workflow: Workflow,
    template: str,
    context: dict[str, Json],
    status: int = 200,
    *,
    news: bool = False,
) -> HttpResponse:
    """A drawer; with `news` the page beside it is brought up to date too."""
    if not request.headers.get("HX-Request"):
        caller = caller_of(request)
        with snapshot():
            page = outline_page(caller, workflow_by_id(caller, workflow.pk))  # it may have been edited just now
        drawer = render_to_string(template, context, request)
        return render(request, "builder/outline.html", {**page, "drawer": drawer}, status=status)
    html = [render_to_string(template, context, request), *([news_of(request, workflow)] if news else [])]
    return HttpResponse("".join(html), status=status)


def opened_at_once(request: HttpRequest, workflow: Workflow) -> str:
    """The drawer that the address names (`?drawer=stage:12`) as HTML; "" where it names none that is there."""
    asked = request.GET.get("drawer", "")
    found = opened(workflow, asked, can_edit=edits(caller_of(request), workflow))
    return render_to_string(found[0], found[1], request) if found else ""


def saved(request: HttpRequest, workflow: Workflow, text: str, *, undo: bool = False) -> HttpResponse:
    """What has changed on the page, a word about it (with Undo where the drawer took something away), and the drawer
    closed."""
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        return redirect(_PAGES[_view_of(request)], workflow.pk)
    closed = render_to_string("builder/_closed.html")
    return HttpResponse(news_of(request, workflow, text=text, undoable=undo) + closed)


def news_of(request: HttpRequest, workflow: Workflow, **toast: Json) -> str:
    """The partials that bring the page behind the drawer up to date, from the edit that it shows."""
    view = _view_of(request)
    # A page that does not say what it shows is given everything.
    number = whole(request.POST, "since") if request.POST.get("since") else 0
    mark = request.POST.get("problems-mark")
    with snapshot():
        fresh = workflow_by_id(caller_of(request), workflow.pk)
        context = sync(caller_of(request), fresh, view=view, number=number, problems_mark=mark)
        return render_to_string("builder/_sync.html", {**context, **toast}, request)


def _view_of(request: HttpRequest) -> str:
    view = request.POST.get("view", "outline")
    return view if view in VIEWS else "outline"


_PAGES = {"outline": "workflow-outline", "canvas": "workflow"}
