"""The workflow itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText


class Workflow(models.Model):
    """An ordered list of stages, and what it takes and gives."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="workflows")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=400)  # casefolded NFC: unique without case on every database
    description = models.TextField(default="", blank=True)
    input_schema = JsonText(default=None)
    output_schema = JsonText(default=None)
    archived_at = models.DateTimeField(null=True, blank=True)
    # The version that a start takes; None after an edit of anything it froze, until it is published again.
    current_version = models.ForeignKey(
        "builder.WorkflowVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)  # counts edits of its own fields: name, description, schemas
    revision = models.PositiveIntegerField(default=1)  # counts every edit, for those who edit side by side
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("project", "name_key"), name="workflow_name_once_per_project"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(name_key=""), name="workflow_has_name"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="workflow_revision_from_one"),
        )

    def __str__(self) -> str:
        return self.name
