"""The settings of a project. One address shows them and takes each of its forms; `do` says which one was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from builder.operations.project import update_settings
from builder.pages import settings as page
from builder.pages import tokens as token_form
from builder.views.callers import caller_of
from projects import operations, queries, tokens
from projects.access import Caller, Role, project_for, role_of
from projects.errors import BatonError, Conflict, Invalid, NotFound
from projects.models import Project

Json = Any


@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """The settings of a project: shown, or one of them changed."""
    caller = caller_of(request)
    if request.method == "GET":
        return _page(request, caller, project_for(caller, slug))
    what = request.POST.get("do", "")
    act = _ACTS.get(what)
    project = project_for(caller, slug, Role.EDITOR if what == "save" else Role.OWNER)
    if act is None:
        raise Invalid("This page has no such form.")
    return act(request, caller, project)


def _save(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    typed, seen = page.posted_values(request.POST), page.posted_values(request.POST, "seen-")
    wanted, known = page.meaning(typed), page.meaning(seen)
    changes = {name: value for name, value in wanted.items() if value != known[name]}
    errors: dict[str, str] = {}
    try:
        update_settings(caller, project, changes, known)
    except Conflict as error:  # both are in view, and whoever saves again keeps theirs
        for detail in error.details:
            seen[detail.path] = detail.message
            errors[detail.path] = (
                f"somebody changed this to “{detail.message or 'nothing'}” meanwhile; save again to keep yours"
            )
        return _page(request, caller, project, error.status, values=typed, errors=errors, seen=seen)
    except Invalid as error:
        errors = {detail.path: detail.message for detail in error.details}
        return _page(request, caller, project, error.status, values=typed, errors=errors, seen=seen)
    messages.success(request, "Saved the settings")
    return redirect("project-settings", project.slug)


def _add_member(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    typed = {"user": request.POST.get("user", "").strip(), "role": request.POST.get("role", "")}
    errors = {}
    if not typed["user"]:
        errors["user"] = "who is it? Type a user name"
    elif "\x00" not in typed["user"] and queries.members_of(project).filter(user__username=typed["user"]).exists():
        errors["user"] = f"{typed['user']} is a member already; change the role in the list"
    if typed["role"] not in set(Role):
        errors["role"] = "choose a role"
    if not errors:
        try:
            operations.set_member(caller, project, typed["user"], Role(typed["role"]))
            return _done(request, caller, project, "members", f"Added {typed['user']}")
        except Invalid as error:
            errors["user"] = error.message
    return _page(request, caller, project, 422, member=typed, member_errors=errors)


def _set_role(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    user, role = request.POST.get("user", ""), request.POST.get("role", "")
    try:
        if role not in set(Role):
            raise Invalid("Choose a role.")
        operations.set_member(caller, project, user, Role(role))
    except BatonError as error:
        return _page(request, caller, project, error.status, member_errors={f"of {user}": error.message})
    return _done(request, caller, project, "members", f"{user} is {role} now")


def _remove_member(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    user = request.POST.get("user", "")
    try:
        operations.remove_member(caller, project, user)
    except NotFound:
        pass  # somebody else was faster: it is as it was wanted
    except BatonError as error:
        return _page(request, caller, project, error.status, member_errors={f"of {user}": error.message})
    return _done(request, caller, project, "members", f"Removed {user}")


def _create_token(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    typed = token_form.posted_token(request.POST)
    errors = token_form.token_errors(typed)
    if errors:
        return _page(request, caller, project, 422, token=typed, token_errors=errors)
    made = tokens.create_token(
        caller.user,
        project=project,
        scopes=[typed["scope"]],
        name=typed["name"],
        expires_at=token_form.expiry(typed),
    )
    return _page(request, caller, project, new_token=made.text)


def _revoke_token(request: HttpRequest, caller: Caller, project: Project) -> HttpResponse:
    token = queries.tokens_of(project).filter(public_id=request.POST.get("token", "")[:16].replace("\x00", "")).first()
    if token is not None:  # one that is gone was revoked already
        tokens.revoke_token(token, by=caller.user.get_username())
    return _done(request, caller, project, "tokens", "Revoked the token")


_ACTS: dict[str, Callable[[HttpRequest, Caller, Project], HttpResponse]] = {
    "save": _save,
    "add_member": _add_member,
    "set_role": _set_role,
    "remove_member": _remove_member,
    "create_token": _create_token,
    "revoke_token": _revoke_token,
}
_PARTS = {
    **dict.fromkeys(("add_member", "set_role", "remove_member"), "projects/_members.html"),
    **dict.fromkeys(("create_token", "revoke_token"), "projects/_tokens.html"),
}


def _page(request: HttpRequest, caller: Caller, project: Project, status: int = 200, **changed: Json) -> HttpResponse:
    """The page; with htmx only the part that the form belongs to."""
    part = _PARTS.get(request.POST.get("do", "")) if request.headers.get("HX-Request") else None
    context = page.settings_page(caller, project, **changed)
    return render(request, part or "projects/settings.html", context, status=status)


def _done(request: HttpRequest, caller: Caller, project: Project, part: str, text: str) -> HttpResponse:
    """The page, or its part, as it is now, and a word about it."""
    address = redirect("project-settings", project.slug) if role_of(caller, project) else redirect("projects")
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        return address
    if role_of(caller, project) is not Role.OWNER:  # they took it from themselves: the page is another now
        messages.success(request, text)
        return HttpResponse(status=204, headers={"HX-Redirect": address["Location"]})
    answer = _page(request, caller, project, focus=part)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": "success"}})
    return answer
