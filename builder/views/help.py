"""The pages of help."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from builder.pages.help import document

Json = Any
_PAGES = {"Workflow triggering": "help-triggering", "Keyboard shortcuts": "help-shortcuts"}


@require_GET
def triggering(request: HttpRequest) -> HttpResponse:
    """How workflows run other workflows: docs/workflow-triggering.md as a page."""
    return render(request, "help/document.html", {**_frame("help-triggering"), **document("workflow-triggering")})


@require_GET
def shortcuts(request: HttpRequest) -> HttpResponse:
    """The keys of the canvas and of the pages."""
    return render(request, "help/shortcuts.html", _frame("help-shortcuts"))


def _frame(current: str) -> dict[str, Json]:
    tabs = [{"label": label, "url": reverse(name), "current": name == current} for label, name in _PAGES.items()]
    return {"tabs": tabs}
