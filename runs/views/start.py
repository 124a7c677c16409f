"""The run dialog."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def run_dialog(request: HttpRequest, workflow_id: int) -> HttpResponse:
    """To come."""
    return HttpResponse(status=501)
