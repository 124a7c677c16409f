"""Filters of the run list that somebody keeps under a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from projects.models import Project


class SavedView(models.Model):
    """One person's view of a project's runs: `query` is the part of the address after the question mark."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project", "name"], name="saved_view_name_unique")]

    def __str__(self) -> str:
        return self.name
