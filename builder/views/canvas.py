"""The canvas of a workflow, and its dialog that connects an outcome."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_http_methods

from builder.commands import AddOutcome
from builder.operations.editing import edit
from builder.pages import connecting
from builder.pages.canvas import MOST_DRAWN, canvas_page
from builder.pages.outline import outline_page
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.callers import caller_of
from builder.views.drawers.frame import news_of, opened_at_once
from projects.access import Role
from projects.errors import Conflict, Invalid
from projects.snapshot import snapshot


@require_GET
def canvas(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """A workflow as a drawing; `?drawer=stage:12` opens that drawer at once. A very large one is shown as its outline,
    unless `?draw=anyway` asks for the drawing."""
    with snapshot():  # the number of the newest edit belongs to what is shown
        return _canvas(request, workflow_id)


def _canvas(request: HttpRequest, workflow_id: int) -> HttpResponse:
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id)
    drawer = opened_at_once(request, workflow)
    if request.GET.get("draw") != "anyway" and workflow.stages.count() > MOST_DRAWN:
        page = {**outline_page(caller, workflow), "draw_url": f"{request.path}?draw=anyway"}
        return render(request, "builder/outline.html", {**page, "drawer": drawer})
    return render(request, "builder/canvas.html", {**canvas_page(caller, workflow), "drawer": drawer})


@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """The dialog that gives a stage (`?stage=12`) one more outcome and a route; POST adds it."""
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id, Role.EDITOR)
    asked = request.POST if request.method == "POST" else request.GET
    stage = connecting.stage_of(workflow, whole(asked, "stage"))
    row = connecting.row_of(asked)
    status = 200
    if request.method == "POST" and "check" not in asked:
        try:
            command = AddOutcome(do="add_outcome", stage=stage.pk, **connecting.outcome_of(row))
            done = edit(caller, workflow.pk, command)
        except (Conflict, Invalid) as error:
            connecting.put_errors(row, stage, error)
            status = error.status
        else:
            text = done.edit.summary if done.edit is not None else ""
            closed = render_to_string("builder/_dialog_closed.html")
            return HttpResponse(news_of(request, done.workflow, text=text) + closed)
    return render(request, "builder/_connect_dialog.html", connecting.dialog(workflow, stage, row), status=status)
