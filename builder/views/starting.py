"""The New workflow dialog."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from builder.errors import AlreadyThere
from builder.operations.beginning import begin_workflow
from builder.pages.starting import BLANK, dialog
from builder.views.callers import caller_of
from projects.access import Role, project_for
from projects.errors import Invalid


@require_http_methods(["GET", "POST"])
def new_workflow(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what a new workflow is called and starts from, create it, and go there."""
    caller = caller_of(request)
    project = project_for(caller, slug, Role.EDITOR)
    if request.method == "GET":
        return _shown(request, dialog(project, name="", template=request.GET.get("template", BLANK)))
    name, template = request.POST.get("name", "").strip(), request.POST.get("template", BLANK)
    try:
        made = begin_workflow(caller, project, name, template or None)
    except AlreadyThere as error:
        return _shown(request, dialog(project, name=name, template=template, errors={"name": error.message}), 422)
    except Invalid as error:
        return _shown(request, dialog(project, name=name, template=template, errors=_errors(error)), 422)
    return redirect("workflow", made.pk)


def _errors(error: Invalid) -> dict[str, str]:
    """The problems at their fields; what belongs to none is told about the whole."""
    told = {detail.path: detail.message for detail in error.details}
    nouns = {"name": "The name", "template": "This"}
    return {path: f"{noun} {told[path]}." for path, noun in nouns.items() if path in told} or {"form": error.message}


def _shown(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    template = "builder/_new_workflow.html" if request.headers.get("HX-Request") else "builder/new_workflow.html"
    return render(request, template, context, status=status)
