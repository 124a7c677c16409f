"""Every address."""

from __future__ import annotations

from django.urls import include, path

from config import api
from config.health import healthz, metrics, readyz

urlpatterns = [
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
