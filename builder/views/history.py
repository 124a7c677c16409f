"""The history of a workflow, what an edit changed, and two revisions compared."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from builder.pages.history import compare_page, edit_of_version, edit_page, history_page
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.outline import caller_of
from projects.errors import NotFound


@require_GET
def history(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """All edits, newest first; `?before=120` goes on with those before edit 120, `?version=3` leads to what version 3
    was frozen from."""
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id)
    if "version" in request.GET:
        return redirect(edit_of_version(workflow, whole(request.GET, "version")))
    before = whole(request.GET, "before") or None
    return render(request, "builder/history.html", history_page(caller, workflow, before))


@require_GET
def one_edit(request: HttpRequest, workflow_id: int, number: int) -> HttpResponse:
    """What one edit changed: a page, or with htmx what unfolds under its row."""
    caller = caller_of(request)
    context = edit_page(caller, workflow_by_id(caller, workflow_id), number)
    template = "builder/_changes.html" if request.headers.get("HX-Request") else "builder/edit.html"
    return render(request, template, context)


@require_GET
def compare(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Two revisions side by side: `?from=12&to=18`. What is no revision is told at the form, which keeps its values."""
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id)
    one, other = whole(request.GET, "from"), whole(request.GET, "to")
    try:
        return render(request, "builder/compare.html", compare_page(caller, workflow, one, other))
    except NotFound as error:
        context = history_page(caller, workflow)
        typed = {"from": request.GET.get("from", "")[:20], "to": request.GET.get("to", "")[:20]}
        context |= {"compare_error": error.message, "typed": typed}
        return render(request, "builder/history.html", context, status=422)
