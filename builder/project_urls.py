"""Pages of a project: its agents, its settings, and its file."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from builder.views import agents, files, settings

urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<slug:slug>/agents", agents.agents, name="agents"),
    path("p/<slug:slug>/agents/new", agents.new, name="agent-new"),
    path("p/<slug:slug>/agents/<int:agent_id>", agents.edit, name="agent-edit"),
    path("p/<slug:slug>/settings", settings.settings, name="project-settings"),
    path("p/<slug:slug>/export", files.export, name="project-export"),
    path("p/<slug:slug>/import", files.import_here, name="project-import"),
    path("projects/import", files.import_anywhere, name="import"),
]
