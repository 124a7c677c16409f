"""The dashboard of a project."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from projects.access import project_for
from runs.pages.dashboard import dashboard
from runs.views.runs import caller_of


@require_GET
def project_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """What the runs of a project came to."""
    caller = caller_of(request)
    context = dashboard(caller, project_for(caller, slug), request.GET.get("period", ""))
    return render(request, "projects/dashboard.html", context)
