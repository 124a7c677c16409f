"""What is done to many chosen runs of a list: each asks first, on a page that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from projects.access import Role, project_for
from projects.models import Project
from runs import bulk
from runs.models import WorkflowRun
from runs.pages.run_page import run_url
from runs.views.posting import posted_from
from runs.views.runs import caller_of

Json = Any
_MOST_KEY = 64


def _back(project: Project, given: str) -> str:
    """The list that a form came from: a query of it, or of a workflow's list; nothing else is followed."""
    query = dict(parse_qsl(given[:4000]))
    workflow = query.pop("of", "")
    if workflow.isascii() and workflow.isdigit() and len(workflow) < 10:
        return f"{reverse('workflow-runs', args=[int(workflow)])}?{urlencode(query)}"
    return f"{reverse('project-runs', args=[project.slug])}?{urlencode(query)}"


def _asked(request: HttpRequest, project: Project, address: str) -> dict[str, Json]:
    """What both pages that ask show."""
    back = request.POST.get("back", "")
    return {
        "project": {"name": project.name, "url": reverse("project", args=[project.slug])},
        "action_url": reverse(address, args=[project.slug]),
        "back": back,
        "back_url": _back(project, back),
    }


def _named(run: WorkflowRun) -> dict[str, Json]:
    return {"id": run.pk, "label": f"{run.workflow_name} #{run.number}", "url": run_url(run.pk)}


def _refused(found: Sequence[tuple[WorkflowRun, str]]) -> list[dict[str, Json]]:
    return [{**_named(run), "why": why} for run, why in found]


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


@posted_from("project-runs")
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Cancel the chosen runs; asks first, with the list of what stops."""
    caller = caller_of(request)
    project = project_for(caller, slug, Role.OPERATOR)
    ids, asked = request.POST.getlist("run"), _asked(request, project, "runs-cancel")
    if request.POST.get("sure") == "1":
        stopped = bulk.cancel_runs(project, ids, by=caller.user.get_username())
        messages.success(request, f"Cancelled {_runs(stopped)}")
        return HttpResponseRedirect(asked["back_url"])
    found = bulk.to_cancel(project, ids)
    if not found.runs:
        messages.warning(request, "Choose runs that are not over yet; there is nothing to cancel.")
        return HttpResponseRedirect(asked["back_url"])
    context = {
        **asked,
        "runs": [_named(run) for run in found.runs],
        "children": [_named(run) for run in found.children],
        "over": found.over,
    }
    return render(request, "runs/bulk_cancel.html", context)


@posted_from("project-runs")
def retry(request: HttpRequest, slug: str) -> HttpResponse:
    """Retry the chosen failed runs; asks first, and names those that cannot be retried with why."""
    caller = caller_of(request)
    project = project_for(caller, slug, Role.OPERATOR)
    ids, asked = request.POST.getlist("run"), _asked(request, project, "runs-retry")
    if request.POST.get("sure") == "1":
        key = request.POST.get("key", "")[:_MOST_KEY] or uuid4().hex
        done = bulk.retry_runs(project, ids, starter_id=caller.user.pk, key=key)
        messages.success(request, f"Retried {_runs(len(done.started))}")
        if not done.refused:
            return HttpResponseRedirect(asked["back_url"])
        started = [{**_named(new), "of": old.number} for old, new in done.started]
        return render(
            request, "runs/bulk_retried.html", {**asked, "started": started, "refused": _refused(done.refused)}
        )
    found = bulk.to_retry(project, ids)
    if not found.retries and not found.refused:
        messages.warning(request, "Choose runs that have failed; there is nothing to retry.")
        return HttpResponseRedirect(asked["back_url"])
    context = {
        **asked,
        "runs": [
            {**_named(each.run), "stage": each.stage or "", "before": each.before and _named(each.before)}
            for each in found.retries
        ],
        "refused": _refused(found.refused),
        "left_text": f"{bulk.MOST_RETRIED} runs are retried at once. {found.left} more of the chosen are left out.",
        "left": found.left,
        "key": uuid4().hex,
    }
    return render(request, "runs/bulk_retry.html", context)
