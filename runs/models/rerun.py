"""The link between a re-run and the run that it repeats."""

from __future__ import annotations

from django.db import models

from runs.models.workflow_run import WorkflowRun


class Rerun(models.Model):
    """A re-run or a retry. A table of its own: a run of any other origin has no row here and no column for it."""

    run = models.OneToOneField(WorkflowRun, on_delete=models.CASCADE, primary_key=True, related_name="rerun")
    of = models.ForeignKey(WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="reruns")
    of_number = models.PositiveIntegerField()  # stays when the old run is deleted
    stage = models.CharField(max_length=100, null=True)  # noqa: DJ001 - null means from the beginning
    kept = models.PositiveIntegerField(default=0)  # visits of the old run that are kept, whatever their stage

    def __str__(self) -> str:
        return f"re-run of #{self.of_number}"
