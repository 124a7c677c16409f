"""The app `agents`."""

from __future__ import annotations

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Agents, and the runtime that lets them think."""

    name = "agents"
    default_auto_field = "django.db.models.BigAutoField"
