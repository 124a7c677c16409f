"""The tabs of the run page beside Live, and the values that can be downloaded from them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from projects.errors import NotFound
from runs import queries
from runs.models import WorkflowRun
from runs.pages import run_page as pages
from runs.pages.tabs.messages import FILTERS, messages_tab
from runs.pages.tabs.prompts import prompts_tab
from runs.pages.tabs.results import download, results_tab
from runs.pages.tabs.time import time_tab
from runs.views.asking import caller_of, number_of

Json = Any
_TYPES = {"md": "text/markdown; charset=utf-8", "json": "application/json"}


def tab_page(request: HttpRequest, run: WorkflowRun, tab: str, *, can_control: bool) -> dict[str, Json]:
    """The context of runs/run.html for a tab of its name."""
    return {**pages.tab_frame(run, tab, can_control=can_control), **_content(request, run, tab)}


def _content(request: HttpRequest, run: WorkflowRun, tab: str) -> dict[str, Json]:
    asked = request.GET
    if tab == "messages":
        chosen = {name: asked.get(name, "")[:200] for name in FILTERS}
        return messages_tab(run, chosen, number_of(asked.get("from"), 0) or None)
    page = number_of(asked.get("page"), 1) or 1
    if tab == "time":
        return time_tab(run, page)
    if tab == "prompts":
        return prompts_tab(run, asked.get("agent", "")[:200], page)
    return results_tab(run)


@require_GET
def result_file(request: HttpRequest, run_id: str) -> HttpResponse:
    """A value of the run as a file: the whole result, or one that is named by its list and number."""
    run = queries.run_for(caller_of(request), run_id)
    found = download(run, request.GET.get("from", ""), number_of(request.GET.get("number"), 0))
    if found is None:
        raise NotFound("This run has no such value.")
    text, ending = found
    answer = HttpResponse(text.encode("utf-8", "replace"), content_type=_TYPES[ending])
    answer["Content-Disposition"] = f'attachment; filename="run-{run.number}.{ending}"'
    answer["Content-Security-Policy"] = "sandbox"
    return answer
