"""The drawer of one hook, most of all of a gate."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Hook
from builder.operations.editing import edit
from builder.pages import hook_drawer as page
from builder.pages.hook_blocks import put_typed_errors
from builder.pages.hook_rows import Row, pressed
from builder.pages.touched import posted_marks, touched
from builder.pages.typed import whole
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role, require
from projects.errors import Invalid


@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, hook_id: int) -> HttpResponse:
    """One hook: shown, saved or removed; its options come and go without being saved."""
    caller = caller_of(request)
    found = _found(caller, hook_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    workflow = found.stage.workflow
    if request.method == "GET":
        context = page.drawer(found, can_edit=edits(caller, workflow))
        return show(request, workflow, page.TEMPLATE, context)
    if request.POST.get("keep") == "theirs":
        return redirect("hook-drawer", found.pk)
    row = page.posted_row(request.POST, page.stored_row(page.rows_of(found.stage), found))
    if "hooks-do" in request.POST:
        row = (pressed([row], request.POST["hooks-do"], ()) or [row])[0]
        return _again(request, found, row, {}, 200)
    return _save(request, caller, found, None if "delete" in request.POST else row)


def _found(caller: Caller, hook_id: int, role: Role) -> Hook:
    found = Hook.objects.select_related("stage__workflow__project").filter(pk=hook_id).first()
    missing = NoSuchPart("hook")
    if found is None:
        raise missing
    require(caller, found.stage.workflow.project, role, missing=missing.message)
    return found


def _again(request: HttpRequest, found: Hook, row: Row, errors: dict[str, str], status: int) -> HttpResponse:
    marks, version = posted_marks(request.POST), whole(request.POST, "version")
    context = page.drawer(found, can_edit=True, row=row, errors=errors, marks=marks, version=version)
    return show(request, found.stage.workflow, page.TEMPLATE, context, status)


def _save(request: HttpRequest, caller: Caller, found: Hook, row: Row | None) -> HttpResponse:
    """Save the hook as it was typed, or remove it where there is no row."""
    stage, version = found.stage, whole(request.POST, "version")
    rows = page.rows_of(stage)
    own = page.stored_row(rows, found)
    name = (own if row is None else row)["name"] or own["kind_label"]
    if row is not None:
        if put_typed_errors([row]):
            return _again(request, found, row, {}, 422)
        if not touched(page.meaning(row), posted_marks(request.POST)):
            return saved(request, stage.workflow, f"Saved {name}")
    try:
        edit(caller, stage.workflow_id, page.command(stage, rows, found, row, version))
    except EditedMeanwhile as error:
        found = _found(caller, found.pk, Role.EDITOR)
        typed = row or page.alone(own)
        conflict = page.after_conflict(found, typed, error)
        context = page.drawer(found, can_edit=True, row=typed, conflict=conflict)
        return show(request, stage.workflow, page.TEMPLATE, context, error.status)
    except Invalid as error:
        typed = row or page.alone(own)
        errors = page.put_errors(typed, found, error.details, error.message)
        return _again(request, found, typed, errors, error.status)
    if row is None:
        return saved(request, stage.workflow, f"Removed {name}.", undo=True)
    return saved(request, stage.workflow, f"Saved {name}")
