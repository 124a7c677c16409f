"""What the top bar of every page shows."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from projects.access import Caller
from projects.queries import first_projects
from runs.pages.inbox import open_count

_SWITCHED = 20  # projects in the menu of the breadcrumb; the page of all projects has the others


def nav(request: HttpRequest) -> dict[str, Any]:
    """The context processor of templates/base.html."""
    user = getattr(request, "user", None)
    shown: dict[str, Any] = {
        "home_url": reverse("projects"),
        "login_url": reverse("login"),
        "logout_url": reverse("logout"),
        "approvals_url": reverse("approvals"),
        "environment": settings.BATON.baton_env if settings.BATON.baton_env != "development" else "",
    }
    if user is not None and user.is_authenticated:
        shown["projects"] = partial(_projects, Caller(user))  # asked only where the menu is shown
        if not request.headers.get("HX-Request"):
            shown["approval_count"] = open_count(Caller(user))
    return {"nav": shown}


def _projects(caller: Caller) -> list[dict[str, str]]:
    return [{"name": name, "url": reverse("project", args=[slug])} for slug, name in first_projects(caller, _SWITCHED)]
