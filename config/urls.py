"""Every address."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

from config import api
from config.health import healthz, metrics, readyz


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look by themselves, on pages that name no icon (the description of the API)."""
    return redirect(static("icons/favicon.svg"))


urlpatterns = [
    path("favicon.ico", favicon),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/v1/", api.urls),
    path("", include("projects.urls")),
    path("", include("agents.urls")),
    path("", include("builder.urls")),
    path("", include("builder.project_urls")),
    path("", include("runs.urls_lists")),
    path("", include("runs.urls")),
]

handler400 = "config.middleware.bad_request"
