"""A workflow that an agent asked to start later."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from builder.models import Workflow
from runs.models.workflow_run import WorkflowRun


class ScheduledStart(models.Model):
    """One start, due once. `status` is pending, started, cancelled or refused."""

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="scheduled_starts")
    workflow = models.ForeignKey(Workflow, on_delete=models.SET_NULL, null=True, related_name="+")
    workflow_name = models.CharField(max_length=100)
    context = models.JSONField()
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, default="pending")
    child = models.ForeignKey(WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="+")
    error = models.TextField(null=True)  # noqa: DJ001
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="scheduled_start_due", condition=Q(status="pending"))]

    def __str__(self) -> str:
        return f"{self.workflow_name} at {self.due_at}"
