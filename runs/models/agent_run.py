"""One assignment at work in one stage visit, and its turns."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from runs.engine.status import AgentStatus
from runs.models.stage_run import StageRun
from runs.models.workflow_run import WorkflowRun


class AgentRun(models.Model):
    """An agent at work: a claimed unit of work under a lease. The id derives from run and key."""

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="agent_runs", db_index=False)
    stage_run = models.ForeignKey(StageRun, on_delete=models.CASCADE, related_name="agent_runs")
    key = models.CharField(max_length=20)  # "ENTRY/POSITION"
    position = models.PositiveIntegerField()
    agent = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=[(status.value, status.value) for status in AgentStatus])
    turns = models.PositiveIntegerField(default=0)
    text = models.TextField(null=True)  # noqa: DJ001 - null means no text yet
    error = models.TextField(null=True)  # noqa: DJ001
    retry_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=120, default="")
    lease_epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lost_claims = models.PositiveSmallIntegerField(default=0)  # claims lost since the last stored turn
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="agent_run_key_unique"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in AgentStatus]), name="agent_run_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["changed_at"], name="agent_run_ready", condition=Q(status=AgentStatus.READY.value)),
            models.Index(
                fields=["lease_until"], name="agent_run_leased", condition=Q(status=AgentStatus.RUNNING.value)
            ),
            models.Index(
                fields=["retry_at"], name="agent_run_retrying", condition=Q(status=AgentStatus.RETRYING.value)
            ),
            models.Index(fields=["lease_owner"], name="agent_run_owner", condition=Q(status=AgentStatus.RUNNING.value)),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.key}"


class AgentTurn(models.Model):
    """One model answer: what was sent since the turn before, what came back, and what its tools returned."""

    agent_run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, related_name="turn_rows", db_index=False)
    number = models.PositiveIntegerField()
    model = models.CharField(max_length=200)
    request = models.JSONField()  # messages sent in this turn, in the model layer's own form
    response = models.JSONField()  # the answer, in the same form
    tools = models.JSONField(default=list)  # [{index, id, name, args, result, call}], in call order
    usage = models.JSONField(default=dict)
    reasoning = models.TextField(default="")
    at = models.DateTimeField()
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent_run", "number"], name="agent_turn_number_unique")]

    def __str__(self) -> str:
        return f"turn {self.number}"
