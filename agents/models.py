"""Agents as they are edited. Runs never read these rows: they read the frozen version."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText


class Agent(models.Model):
    """Who does the work: a role, a perspective and a model."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="agents")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=400)  # casefolded NFC: unique without case on every database
    role = models.TextField(default="", blank=True)
    perspective = models.TextField(default="", blank=True)
    model = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - null is "the project's default"
    fallback_model = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - null is "none"
    script = JsonText(default=list)
    subagent_script = JsonText(default=list)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("project", "name_key"), name="agent_name_once_per_project"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(name_key=""), name="agent_has_name"),
            models.CheckConstraint(condition=Q(model=None) | ~Q(model=""), name="agent_model_not_empty"),
            models.CheckConstraint(
                condition=Q(fallback_model=None) | ~Q(fallback_model=""), name="agent_fallback_not_empty"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="agent_version_from_one"),
        )

    def __str__(self) -> str:
        return self.name
