"""The app of projects, their members and their keys."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Projects, members, tokens, sign-in."""

    name = "projects"
    default_auto_field = "django.db.models.BigAutoField"
