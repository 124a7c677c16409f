"""Frozen versions: what runs execute."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText


class WorkflowVersion(models.Model):
    """A workflow as it stood, with its agents and the default model; shared by all runs of the same content.

    Never changed. It outlives its workflow: old runs still show the graph that they ran.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="workflow_versions")
    workflow = models.ForeignKey(
        "builder.Workflow", on_delete=models.SET_NULL, null=True, blank=True, related_name="versions"
    )
    workflow_name = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the content
    default_model = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - null is "none"
    content = JsonText()  # a spec.FrozenVersion
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("workflow", "digest"), name="version_content_once_per_workflow"),
            models.UniqueConstraint(fields=("workflow", "number"), name="version_number_once_per_workflow"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(condition=~Q(digest=""), name="version_has_digest"),
        )

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.number}"
