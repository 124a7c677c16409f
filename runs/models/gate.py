"""A gate: a question to a person that holds the run until it is answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from runs.engine.status import GateStatus
from runs.models.stage_run import StageRun
from runs.models.workflow_run import WorkflowRun


class Gate(models.Model):
    """An open or decided gate. The id derives from run and key; the first answer is the only one."""

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="gates")
    stage_run = models.ForeignKey(StageRun, on_delete=models.CASCADE, related_name="gates")
    key = models.CharField(max_length=40)  # "ENTRY/EDGE/INDEX"
    stage = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    message = models.TextField()
    options = models.JSONField()  # [{label, outcome}]
    status = models.CharField(max_length=10, choices=[(status.value, status.value) for status in GateStatus])
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)  # {option, outcome, comment, by, channel, at}
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="gate_key_unique"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in GateStatus]), name="gate_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], name="gate_open", condition=Q(status=GateStatus.OPEN.value)),
            models.Index(
                fields=["deadline"], name="gate_due", condition=Q(status=GateStatus.OPEN.value, deadline__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
