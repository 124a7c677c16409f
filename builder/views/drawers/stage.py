"""The stage drawer: shown, or saved; its rows change and are checked without being saved."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from builder.commands import AssignAgent, Delete, MoveAssignment
from builder.errors import EditedMeanwhile
from builder.models import Stage
from builder.operations.editing import edit
from builder.pages import hook_rows, routing_rows, stage_drawer, stage_form
from builder.pages.touched import posted_marks
from builder.pages.typed import whole
from builder.queries import stage_by_id
from builder.reading import read_workflow
from builder.views.drawers.frame import caller_of, edits, saved, show
from projects.access import Caller, Role
from projects.errors import Conflict, Invalid

_MOVE = re.compile(r"([1-9][0-9]{0,17}):([0-9]{1,4})")


@require_http_methods(["GET", "POST"])
def stage(request: HttpRequest, stage_id: int) -> HttpResponse:
    """The stage drawer. Its buttons post the whole form; few of them change something."""
    caller = caller_of(request)
    found = stage_by_id(caller, stage_id, Role.VIEWER if request.method == "GET" else Role.EDITOR)
    if request.method == "GET":
        context = stage_drawer.drawer(found, can_edit=edits(caller, found.workflow), tab=request.GET.get("tab", "main"))
        return show(request, found.workflow, stage_drawer.TEMPLATE, context)
    if request.POST.get("keep") == "theirs":
        tab = request.POST.get("tab", "main")
        return redirect(f"{reverse('stage-drawer', args=[found.pk])}?tab={tab if tab.isalpha() else 'main'}")
    block = read_workflow(found.workflow_id).stages[found.position]
    form = stage_form.posted_form(request.POST, block)
    if "delete" in request.POST:
        return _delete(request, caller, found, form)
    if {"assign", "move", "unassign"} & request.POST.keys():
        return _arrange(request, caller, found, form)
    if _pressed(request, form):
        return _again(request, found, form)
    return _save(request, caller, found, form)


def _pressed(request: HttpRequest, form: stage_form.StageForm) -> bool:
    """Carry out a button that changes rows only; False where another was pressed."""
    post = request.POST
    if "add" in post:
        form.rows = routing_rows.with_one_more(form.rows)
    elif "remove" in post:
        form.rows = routing_rows.without(form.rows, post["remove"])
    elif "hooks-do" in post:
        action = post["hooks-do"]
        if action.startswith("add "):
            action = f"{action} {post.get(f'add-{action[4:]}-kind', '')}"
        outcomes = [row["name"] for row in form.rows if row["name"]]
        changed = hook_rows.pressed(form.hooks, action, outcomes)
        form.hooks = form.hooks if changed is None else changed
    else:
        return "check" in post
    return True


def _again(
    request: HttpRequest,
    found: Stage,
    form: stage_form.StageForm,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
    news: bool = False,
    **more: Any,
) -> HttpResponse:
    """The drawer with what was typed, on what it was made from: whoever saves later is still told of a conflict."""
    tab = request.POST.get("tab", "main")
    if not request.headers.get("HX-Request"):  # without a script all tabs are in view
        tab = next((name for name, key in _TAB_OF.items() if name in request.POST), tab)
    context = stage_drawer.drawer(
        found,
        can_edit=True,
        tab=tab,
        form=form,
        errors=errors,
        marks=posted_marks(request.POST),
        version=whole(request.POST, "version"),
    )
    return show(request, found.workflow, stage_drawer.TEMPLATE, context | more, status, news=news)


_TAB_OF = {"add": "routing", "remove": "routing", "check": "routing", "hooks-do": "hooks"}


def _delete(request: HttpRequest, caller: Caller, found: Stage, form: stage_form.StageForm) -> HttpResponse:
    try:
        done = edit(caller, found.workflow_id, Delete(do="delete", stages=[found.pk]))
    except Conflict as error:
        return _again(request, found, form, errors={"form": error.message}, status=error.status)
    return saved(request, done.workflow, f"Deleted {found.name}.", undo=True)


def _arrange(request: HttpRequest, caller: Caller, found: Stage, form: stage_form.StageForm) -> HttpResponse:
    """Assign an agent, or move or remove an assignment: at once, beside what is typed in the form."""
    post = request.POST
    more: dict[str, Any] = {}
    try:
        if "assign" in post:
            name = post.get("agent", "")
            if not name:
                return _again(request, found, form, errors={"agent": "choose an agent"}, status=422)
            edit(caller, found.workflow_id, AssignAgent(do="assign_agent", stage=found.pk, agent=name[:20_000]))
            more["focus_assign"] = True
        elif move := _MOVE.fullmatch(post.get("move", "")):
            command = MoveAssignment(do="move_assignment", assignment=int(move[1]), to=int(move[2]))
            edit(caller, found.workflow_id, command)
        elif post.get("unassign", "").isdecimal():
            edit(caller, found.workflow_id, Delete(do="delete", assignments=[int(post["unassign"][:18])]))
    except Invalid as error:
        told = "; ".join(detail.message for detail in error.details) or error.message
        return _again(request, found, form, errors={"agent": told}, status=error.status)
    dirty = bool(stage_form.touched_parts(form, posted_marks(post)))
    return _again(request, found, form, news=True, **more, dirty=dirty)


def _save(request: HttpRequest, caller: Caller, found: Stage, form: stage_form.StageForm) -> HttpResponse:
    marks = posted_marks(request.POST)
    changed = stage_form.touched_parts(form, marks)
    if stage_form.typed_problems(form):
        return _again(request, found, form, status=422)
    try:
        _carry_out(caller, found, stage_form.orders(form, found.pk, changed), whole(request.POST, "version"))
    except EditedMeanwhile as error:
        found = stage_by_id(caller, found.pk)
        tab = request.POST.get("tab", "main")
        form, conflict = stage_drawer.after_conflict(found, form, marks, error, tab)
        context = stage_drawer.drawer(found, can_edit=True, tab=tab, form=form, conflict=conflict)
        return show(request, found.workflow, stage_drawer.TEMPLATE, context, error.status)
    except Invalid as error:
        errors = stage_form.put_errors(form, error.details, found.position, error.message, changed)
        return _again(request, found, form, errors=errors, status=error.status)
    done = Stage.objects.select_related("workflow__project").get(pk=found.pk)
    return saved(request, done.workflow, f"Saved {done.name}")


def _carry_out(caller: Caller, found: Stage, orders: list[list[stage_form.StageCommand]], version: int) -> None:
    """All commands or none, in the first order that does. Raises what the first order met."""
    met: Invalid | None = None
    for commands in orders:
        try:
            with transaction.atomic():
                at = version
                for command in commands:
                    edit(caller, found.workflow_id, command.model_copy(update={"version": at}))
                    at = Stage.objects.values_list("version", flat=True).get(pk=found.pk)
        except Invalid as error:
            met = met or error
        else:
            return
    if met is not None:
        raise met
