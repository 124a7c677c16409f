"""The file of a project: downloaded, and imported after a look at what that would do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from builder.canonical import block_of
from builder.pages import import_form as form
from builder.project_file import ImportReport, export_project, import_project
from builder.views.callers import caller_of
from builder.yaml_text import write_yaml
from projects.access import Caller, Role, project_for
from projects.errors import Conflict, Forbidden, Invalid, TooLarge
from projects.models import Project


@require_GET
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The project as a YAML file to keep; `?workflow=7` only this one, with all that it needs to stand alone."""
    project = project_for(caller_of(request), slug)
    workflow = request.GET.get("workflow")
    file = export_project(project, workflow)
    name = project.slug
    if workflow is not None:
        asked = next((each.name for each in file.workflows if each.name == workflow), workflow)
        name = f"{project.slug}-{slugify(asked)[:60] or 'workflow'}"
    answer = HttpResponse(write_yaml(block_of(file)), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer


@require_http_methods(["GET", "POST"])
def import_here(request: HttpRequest, slug: str) -> HttpResponse:
    """Import a file into this project, whatever project the file names."""
    caller = caller_of(request)
    return _import(request, caller, project_for(caller, slug, Role.EDITOR))


@require_http_methods(["GET", "POST"])
def import_anywhere(request: HttpRequest) -> HttpResponse:
    """Import a file into the project that it names, or as a new one."""
    return _import(request, caller_of(request), None)


def _import(request: HttpRequest, caller: Caller, project: Project | None) -> HttpResponse:
    if request.method == "GET":
        return _show(request, form.dialog(project))
    text, raw, take_name = "", None, "take_name" in request.POST
    wanted = request.POST.get("do") == "import"
    try:
        text = form.posted_text(request)
        raw = form.parsed(text, project, take_name)
        sure = wanted and request.POST.get("mark") == form.mark(text, take_name)
        report = import_project(caller, raw, slug=project.slug if project else None, dry_run=not sure)
    except (Invalid, TooLarge, Forbidden, Conflict) as error:
        return _show(request, form.dialog(project, text, take_name, **form.problems(error, text, raw)), 422)
    if sure:
        return _imported(request, report)
    plan = form.plan(report, raw, text, take_name, changed=wanted)
    return _show(request, form.dialog(project, text, take_name, **plan))


def _imported(request: HttpRequest, report: ImportReport) -> HttpResponse:
    done = [f"{len(found)} {word}" for found, word in ((report.created, "new"), (report.updated, "changed")) if found]
    messages.success(request, f"Imported: {', '.join(done) or 'nothing was new'}")
    address = reverse("project", args=[report.project])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _show(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    template = form.TEMPLATE if request.headers.get("HX-Request") else "projects/import.html"
    return render(request, template, context, status=status)
