"""The one address of edits, and what brings a page of the builder up to date."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from builder.changes.pasting import copied
from builder.models import Edit, Workflow
from builder.operations.editing import Edited, command_of, copy_of, edit
from builder.pages.sync import VIEWS, sync
from builder.pages.typed import whole
from builder.queries import workflow_by_id
from builder.views.outline import caller_of
from projects.access import Caller, Role
from projects.errors import BatonError, Conflict, Forbidden, Invalid, NotFound
from projects.jsontext import parse_json
from projects.snapshot import snapshot

Json = Any
_NUMBERS = ("stage", "assignment", "version", "to", "at", "after", "revision", "x", "y")
_NOTHING_WHEN_EMPTY = (*_NUMBERS, "name", "label")
_LISTS = ("stages", "assignments")
_ABOUT_THE_PAGE = ("view", "since", "problems-mark", "json", "csrfmiddlewaretoken")
_MOST_COPIED = 1_000  # stages
_FIELDS = {"add_stage": "new-stage", "paste": "paste-text"}  # of the outline: where what was typed is told to be wrong
_PAGES = {"outline": "workflow-outline", "canvas": "workflow"}


@require_POST
def commands(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Carry out one command (builder.commands), as JSON or as a form."""
    caller = caller_of(request)
    is_json = request.content_type == "application/json"
    page: dict[str, Json] = {"view": "outline", "field": "", "since": None, "problems_mark": None}
    try:
        body = parse_json(request.body) if is_json else _of_form(request.POST)
        if not isinstance(body, dict):
            raise Invalid("A command is an object.")
        page.update(_page_of(body, request.POST))
        done = edit(caller, workflow_id, command_of(body))
    except Forbidden:
        raise
    except (Conflict, Invalid, NotFound) as error:
        workflow = workflow_by_id(caller, workflow_id)  # a stranger is told nothing else
        return _refused(request, workflow, error, page, is_json=is_json)
    return _done(request, caller, done, page, is_json=is_json)


def _page_of(body: dict[str, Json], form: QueryDict) -> dict[str, Json]:
    """Take out of the body what is about the page: which view it is, which edit it shows, and which problems."""
    view = body.pop("view", form.get("view", "outline"))
    since = body.pop("since", form.get("since"))
    if isinstance(since, str):
        since = int(since) if since.isascii() and since.isdecimal() and len(since) < 10 else None
    do = body.get("do")
    return {
        "view": view if view in VIEWS else "outline",
        "field": _FIELDS.get(do, "") if isinstance(do, str) and view == "outline" else "",
        "since": since if isinstance(since, int) and since >= 0 else None,
        "problems_mark": form.get("problems-mark"),
    }


def _of_form(form: QueryDict) -> dict[str, Json]:
    """A form's fields as a command: numbers where these are wanted, `json` merged over the rest."""
    body: dict[str, Json] = {name: value for name, value in form.items() if name not in _ABOUT_THE_PAGE}
    for name in _NUMBERS:
        if name in body:
            body[name] = _number(body[name])
    for name in _LISTS:
        if name in body:
            body[name] = [_number(text) for text in form.getlist(name)]
    if written := form.get("json"):
        more = parse_json(str(written))
        if not isinstance(more, dict):
            raise Invalid("The field json holds no object.")
        body.update(more)
    return {name: value for name, value in body.items() if value != "" or name not in _NOTHING_WHEN_EMPTY}


def _number(text: Json) -> Json:
    """A whole number, where one was written; what is none is left for the check to name."""
    digits = text.removeprefix("-") if isinstance(text, str) else ""
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else text


def _done(request: HttpRequest, caller: Caller, done: Edited, page: dict[str, Json], *, is_json: bool) -> HttpResponse:
    text = done.edit.summary if done.edit is not None else ""
    if not is_json and not request.headers.get("HX-Request"):
        if text:
            messages.success(request, text)
        return _back(done.workflow, page)
    number = done.edit.number if done.edit is not None else 0
    undoable = done.edit is not None and done.edit.kind in ("delete", "remove_outcome", "paste", "tidy")
    with snapshot():
        context = _synced(caller, done.workflow, page, number - 1 if number else None, can_edit=True, made=done.edit)
        context |= {"text": text, "undoable": undoable, "field": page["field"]}
        answer = render(request, "builder/_sync.html", context)
    if done.made is not None:
        answer["HX-Trigger"] = json.dumps({"builder:made": {"stage": done.made}})
    return answer


def _synced(
    caller: Caller,
    workflow: Workflow,
    page: dict[str, Json],
    before: int | None,
    *,
    can_edit: bool | None = None,
    made: Edit | None = None,
) -> dict[str, Json]:
    number = page["since"] if page["since"] is not None else before
    number = 2**31 if number is None else number
    return sync(
        caller,
        workflow,
        view=page["view"],
        number=number,
        problems_mark=page["problems_mark"],
        can_edit=can_edit,
        made=made,
    )


def _refused(
    request: HttpRequest, workflow: Workflow, error: BatonError, page: dict[str, Json], *, is_json: bool
) -> HttpResponse:
    # What is gone is a conflict here: the page that still shows it is there, and is brought up to date.
    status = 409 if isinstance(error, NotFound) else error.status
    details = [{"path": detail.path, "message": detail.message} for detail in error.details]
    if is_json:
        body = {"code": error.code, "message": error.message, "details": details}
        return JsonResponse({"error": body}, status=status)
    told = "; ".join(dict.fromkeys(detail["message"] for detail in details[:3]))
    at_field = error.message if told in error.message else f"{told[:1].upper()}{told[1:]}"
    text = error.message if told in error.message else f"{error.message} {at_field}".strip()
    if not request.headers.get("HX-Request"):
        messages.error(request, text)
        return _back(workflow, page)
    with snapshot():
        fresh = workflow_by_id(caller_of(request), workflow.pk)
        context = _synced(caller_of(request), fresh, page, None)
        told_at = {"field": page["field"], "wrong": at_field} if page["field"] else {"text": text, "tone": "error"}
        return render(request, "builder/_sync.html", {**context, **told_at}, status=status)


def _back(workflow: Workflow, page: dict[str, Json]) -> HttpResponse:
    answer = HttpResponseRedirect(reverse(_PAGES[page["view"]], args=[workflow.pk]))
    answer.status_code = 303
    return answer


@require_GET
def synced(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """What changed since an edit: `?view=outline&since=12`."""
    caller = caller_of(request)
    view = request.GET.get("view", "outline")
    with snapshot():
        workflow = workflow_by_id(caller, workflow_id)
        context = sync(caller, workflow, view=view if view in VIEWS else "outline", number=whole(request.GET, "since"))
        return render(request, "builder/_sync.html", context)


@require_GET
def copy(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """Stages as the text that can be pasted: `?stages=1,2`."""
    caller = caller_of(request)
    workflow = workflow_by_id(caller, workflow_id, Role.VIEWER)
    asked = request.GET.get("stages", "").split(",")
    ids = [int(text) for text in asked if text.isascii() and text.isdecimal()][:_MOST_COPIED]
    return HttpResponse(copied(copy_of(workflow, ids)), content_type="application/json; charset=utf-8")
