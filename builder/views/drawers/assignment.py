"""The assignment drawer: shown, or saved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.commands import Delete
from builder.errors import EditedMeanwhile
from builder.models import Assignment
from builder.operations.editing import edit
from builder.pages import assignment_drawer, assignment_form
from builder.pages.touched import posted_marks, touched
from builder.pages.typed import whole
from builder.queries import assignment_by_id
from builder.validation import path_text
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role
from projects.errors import Invalid, NotSupported


@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """The assignment drawer: shown, saved, or the assignment removed."""
    caller = caller_of(request)
    if request.method == "GET":
        found = assignment_by_id(caller, assignment_id)
        workflow = found.stage.workflow
        context = assignment_drawer.drawer(found, can_edit=edits(caller, workflow))
        return show(request, workflow, assignment_drawer.TEMPLATE, context)
    found = assignment_by_id(caller, assignment_id, Role.EDITOR)
    if request.POST.get("keep") == "theirs":
        return redirect("assignment-drawer", found.pk)
    if "delete" in request.POST:
        done = edit(caller, found.stage.workflow_id, Delete(do="delete", assignments=[found.pk]))
        return saved(request, done.workflow, f"Removed {found.agent.name} from {found.stage.name}.", undo=True)
    return _save(request, caller, found)


def _save(request: HttpRequest, caller: Caller, found: Assignment) -> HttpResponse:
    workflow, version, marks = found.stage.workflow, whole(request.POST, "version"), posted_marks(request.POST)
    values = assignment_form.posted_values(request.POST, assignment_form.stored_values(found))
    try:
        _carry_out(caller, found, assignment_form.order_of(values, found, version, touched(values, marks)))
    except EditedMeanwhile as error:
        found = assignment_by_id(caller, found.pk)
        values, conflict = assignment_drawer.after_conflict(found, values, marks, error)
        context = assignment_drawer.drawer(found, can_edit=True, values=values, conflict=conflict)
        return show(request, workflow, assignment_drawer.TEMPLATE, context, error.status)
    except (Invalid, NotSupported) as error:
        place = path_text(("stages", found.stage.position, "assignments", found.position))
        errors = assignment_form.errors_of(error.details, place, error.message)
        # The form stays on what it was made from: whoever saves after a mistake is still told of a conflict.
        context = assignment_drawer.drawer(
            found, can_edit=True, values=values, errors=errors, marks=marks, version=version
        )
        return show(request, workflow, assignment_drawer.TEMPLATE, context, error.status)
    return saved(request, workflow, f"Saved {found.agent.name}")


def _carry_out(caller: Caller, found: Assignment, commands: list[Any]) -> None:
    with transaction.atomic():
        for command in commands:
            edit(caller, found.stage.workflow_id, command)
