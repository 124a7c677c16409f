"""What the top bar of every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from projects.access import Caller
from runs.pages.inbox import open_count


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
    if user is not None and user.is_authenticated and not request.headers.get("HX-Request"):
        shown["approval_count"] = open_count(Caller(user))
    return {"nav": shown}
