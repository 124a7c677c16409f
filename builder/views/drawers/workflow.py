"""The drawer of a workflow's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from builder.errors import AlreadyThere, EditedMeanwhile
from builder.models import Workflow
from builder.operations import delete_workflow, patch_workflow
from builder.operations.editing import edit
from builder.pages import workflow_drawer as page
from builder.pages.touched import posted_marks, touched
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role
from projects.errors import Invalid


@require_http_methods(["GET", "POST"])
def workflow(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Name, description and schemas: shown, or saved."""
    caller = caller_of(request)
    found = workflow_by_id(caller, workflow_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    if request.method == "GET":
        return show(request, found, page.TEMPLATE, page.drawer(found, can_edit=edits(caller, found)))
    if request.POST.get("keep") == "theirs":
        return redirect("workflow-drawer", found.pk)
    return _save(request, caller, found)


@require_POST
def archive(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Archive a workflow (`archived` is yes), or bring it back."""
    caller = caller_of(request)
    found = workflow_by_id(caller, workflow_id, Role.EDITOR)
    archived = request.POST.get("archived") == "yes"
    patch_workflow(caller, found, {"archived": archived})
    messages.success(request, f"{found.name} is archived." if archived else f"{found.name} is back.")
    return _away(request, reverse("workflow", args=[found.pk]))


@require_POST
def delete(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Delete a workflow, and go to its project's page."""
    caller = caller_of(request)
    found = workflow_by_id(caller, workflow_id, Role.EDITOR)
    delete_workflow(caller, found)
    messages.success(request, f"Deleted {found.name}.")
    return _away(request, reverse("project", args=[found.project.slug]))


def _away(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _save(request: HttpRequest, caller: Caller, found: Workflow) -> HttpResponse:
    marks, version = posted_marks(request.POST), whole(request.POST, "version")
    values = page.posted_values(request.POST, page.stored_values(found))
    changed = touched(values, marks)
    command, errors = page.command(values, changed, version)
    status = 422
    if not errors:
        try:
            if changed:
                edit(caller, found.pk, command)
            return saved(request, found, f"Saved {values['name']}")
        except EditedMeanwhile as error:
            found = workflow_by_id(caller, found.pk)
            values, conflict = page.after_conflict(found, values, marks, error)
            context = page.drawer(found, can_edit=True, values=values, conflict=conflict)
            return show(request, found, page.TEMPLATE, context, error.status)
        except AlreadyThere as error:
            errors, status = {"name": error.message}, error.status
        except Invalid as error:
            errors, status = page.errors_of(error.details, error.message), error.status
    context = page.drawer(found, can_edit=True, values=values, errors=errors, marks=marks, version=version)
    return show(request, found, page.TEMPLATE, context, status)
