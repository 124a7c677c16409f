"""The page that compares two runs of a workflow."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from projects.errors import NotFound
from runs import queries
from runs.models import WorkflowRun
from runs.pages import compare as pages
from runs.pages.compare_steps import Asked
from runs.views.asking import caller_of, number_of


@require_GET
def compare(request: HttpRequest, *, named: str = "run") -> HttpResponse:
    """Two runs side by side: `a` and `b` are ids, or the first two values of `run` (the boxes of a list).

    Where one is missing the page asks for it; 422 where the two do not fit together, 404 where neither can be seen.
    """
    boxes = [*request.GET.getlist(named)[:2], "", ""]
    wanted = [request.GET.get("a") or boxes[0], request.GET.get("b") or boxes[1]]
    found = [_run(request, run_id) for run_id in wanted]
    a, b = found
    known = a or b
    if known is None:
        raise NotFound("There is no such run.")
    problem = _problem(wanted, found)
    context = {
        "project": {"name": known.project.name, "url": reverse("project", args=[known.project.slug])},
        "workflow": {
            "name": known.workflow_name,
            "url": reverse("workflow-runs", args=[known.workflow_id]) if known.workflow_id else "",
        },
        "choices": pages.choices(known, a, b),
        "chosen": [str(run.pk) if run else "" for run in found],
        "problem": problem,
    }
    if a is not None and b is not None and not problem:
        asked = Asked(number_of(request.GET.get("page"), 1), request.GET.get("steps") == "differing")
        context |= pages.compare(a, b, asked)
    return render(request, "runs/compare.html", context, status=422 if problem else 200)


def _run(request: HttpRequest, run_id: str) -> WorkflowRun | None:
    try:
        return queries.run_for(caller_of(request), run_id) if run_id else None
    except NotFound:
        return None


def _problem(wanted: list[str], found: list[WorkflowRun | None]) -> str:
    a, b = found
    if any(run_id and run is None for run_id, run in zip(wanted, found, strict=True)):
        return "One of the two runs is not there. Choose another one."
    if a is not None and b is not None and not pages.same_workflow(a, b):
        return (
            f"{a.workflow_name} #{a.number} and {b.workflow_name} #{b.number} are runs of different workflows. "
            "Choose two runs of the same one."
        )
    return ""
