"""One visit to a stage."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from runs.engine.status import StageStatus
from runs.models.workflow_run import WorkflowRun


class StageRun(models.Model):
    """A visit: `entry` counts the visits of the run, `visit` those of this stage. The id derives from run and entry."""

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="stage_runs", db_index=False)
    entry = models.PositiveIntegerField()
    position = models.PositiveIntegerField()  # index of the stage in the frozen definition
    name = models.CharField(max_length=100)
    visit = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=[(status.value, status.value) for status in StageStatus])
    outcome = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null means no outcome
    decided_by = models.CharField(max_length=10, null=True)  # noqa: DJ001
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entry"], name="stage_run_entry_unique"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in StageStatus]), name="stage_run_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.visit})"
