"""The app `builder`."""

from __future__ import annotations

from django.apps import AppConfig


class BuilderConfig(AppConfig):
    """Workflows: designed, checked, frozen into versions."""

    name = "builder"
    default_auto_field = "django.db.models.BigAutoField"
