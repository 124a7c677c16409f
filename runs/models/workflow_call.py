"""The link between a caller and the run it triggered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from runs.engine.status import CallStatus
from runs.models.agent_run import AgentRun
from runs.models.workflow_run import WorkflowRun


class WorkflowCall(models.Model):
    """A call of a workflow by an agent or by a route. The id derives from the caller and the place of the call."""

    id = models.UUIDField(primary_key=True, editable=False)
    # The caller.
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="calls", db_index=False)
    agent_run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, null=True, related_name="calls")  # null: a route
    key = models.CharField(max_length=40)  # "AGENT KEY/TURN/INDEX" or "route/ENTRY"
    tool_call_id = models.CharField(max_length=200, default="")
    stage = models.CharField(max_length=100)
    workflow_name = models.CharField(max_length=100)
    child = models.ForeignKey(WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="called_by")
    status = models.CharField(max_length=10, choices=[(status.value, status.value) for status in CallStatus])
    envelope = models.JSONField(null=True)
    late_envelope = models.JSONField(null=True)  # came after the wait had ended
    caller_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - the agent's own name for a background start
    cancel_child = models.BooleanField(default=False)  # the child is to be cancelled, and has not been yet
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="workflow_call_key_unique"),
            models.UniqueConstraint(
                fields=["run", "caller_key"],
                name="workflow_call_caller_key_unique",
                condition=Q(caller_key__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in CallStatus]), name="workflow_call_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["until"], name="workflow_call_due", condition=Q(status=CallStatus.WAITING.value)),
            models.Index(fields=["since"], name="workflow_call_cancel", condition=Q(cancel_child=True)),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.status}"
