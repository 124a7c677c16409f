"""Pages of the builder."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from builder.views import drawers, outline

urlpatterns: list[URLPattern | URLResolver] = [
    path("w/<int:workflow_id>", outline.outline, name="workflow"),
    path("w/<int:workflow_id>/outline", outline.outline, name="workflow-outline"),
    path("drawers/stages/<int:stage_id>", drawers.stage, name="stage-drawer"),
    path("drawers/assignments/<int:assignment_id>", drawers.assignment, name="assignment-drawer"),
]
