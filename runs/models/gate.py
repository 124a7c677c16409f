"""A gate: a question to people that holds the run, or one agent of it, until it is answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from runs.engine.status import GateStatus
from runs.models.agent_run import AgentRun
from runs.models.stage_run import StageRun
from runs.models.workflow_run import WorkflowRun


class Gate(models.Model):
    """An open or decided gate, or a question of an agent. The id derives from run and key; it is decided once."""

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="gates", db_index=False)
    stage_run = models.ForeignKey(StageRun, on_delete=models.CASCADE, related_name="gates")
    agent_run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, null=True, related_name="questions")  # who asks
    key = models.CharField(max_length=40)  # "ENTRY/EDGE/INDEX", or "AGENT KEY/TURN/INDEX" of a question
    stage = models.CharField(max_length=100)
    name = models.CharField(max_length=100)  # of the gate; of a question: the agent that asks
    message = models.TextField()
    options = models.JSONField()  # [{label, outcome}]; a question may have none: the answer is free text
    status = models.CharField(max_length=10, choices=[(status.value, status.value) for status in GateStatus])
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True)
    approvers = models.JSONField(default=list)  # usernames and roles; empty: whoever may operate
    quorum = models.PositiveSmallIntegerField(default=1)  # how many have to choose the same option
    starter_may_answer = models.BooleanField(default=True)
    answers = models.JSONField(default=list)  # [{option, comment, by, channel, at}], one of each person
    remind_at = models.DateTimeField(null=True)  # when the next reminder is due
    reminded = models.PositiveSmallIntegerField(default=0)
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
            models.Index(
                fields=["remind_at"],
                name="gate_remind",
                condition=Q(status=GateStatus.OPEN.value, remind_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"

    @property
    def is_question(self) -> bool:
        """Whether an agent asks, and no stage waits."""
        return self.agent_run_id is not None
