"""The app that executes workflows and remembers what happened."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Runs: the engine, its store, the ways in, and the pages that show a run."""

    name = "runs"
    default_auto_field = "django.db.models.BigAutoField"
