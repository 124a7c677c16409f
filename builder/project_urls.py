"""Pages of a project: its agents, its settings, and its file."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from builder.views import agents

urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<slug:slug>/agents", agents.agents, name="agents"),
    path("p/<slug:slug>/agents/new", agents.new, name="agent-new"),
    path("p/<slug:slug>/agents/<int:agent_id>", agents.edit, name="agent-edit"),
]
