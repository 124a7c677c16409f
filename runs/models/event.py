"""The append-only log of a run."""

from __future__ import annotations

from django.db import models

from runs.models.workflow_run import WorkflowRun


class Event(models.Model):
    """One entry: numbered from 1 without gaps, written in the transaction of the change it tells of."""

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    stage = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null means the run itself
    agent = models.CharField(max_length=100, null=True)  # noqa: DJ001
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_seq_unique")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
