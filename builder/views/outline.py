"""The outline of a workflow."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from builder.pages.outline import outline_page
from builder.queries import workflow_by_id
from builder.views.callers import caller_of, edits
from builder.views.drawers.frame import opened_at_once
from projects.snapshot import snapshot

__all__ = ("caller_of", "edits", "outline")


@require_GET
def outline(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """A workflow, stage by stage; `?drawer=stage:12` opens that drawer at once."""
    caller = caller_of(request)
    with snapshot():  # the number of the newest edit belongs to what is shown
        workflow = workflow_by_id(caller, workflow_id)
        page = outline_page(caller, workflow)
        return render(request, "builder/outline.html", {**page, "drawer": opened_at_once(request, workflow)})
