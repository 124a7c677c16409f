"""Assignments: an agent on a stage, with its directive and its toggles."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText
from builder.spec import DAY, OnFailure


class Assignment(models.Model):
    """An agent put on a stage. Times are seconds; `capabilities` holds names of `spec.Capability`."""

    stage = models.ForeignKey("builder.Stage", on_delete=models.CASCADE, related_name="assignments")
    position = models.PositiveIntegerField()
    agent = models.ForeignKey("agents.Agent", on_delete=models.RESTRICT, related_name="assignments")
    directive = models.TextField(default="", blank=True)
    capabilities = JsonText(default=list)
    share = JsonText(default=list)
    attempts = models.PositiveIntegerField(default=3)
    backoff = models.FloatField(default=1.0)
    max_backoff = models.FloatField(default=60)
    timeout = models.FloatField(default=120)
    trigger_timeout = models.FloatField(default=300)
    workflow_tools = models.BooleanField(default=False)
    fallback_agent = models.ForeignKey(
        "agents.Agent", on_delete=models.RESTRICT, null=True, blank=True, related_name="fallback_assignments"
    )
    last_resort = models.TextField(null=True, blank=True)  # noqa: DJ001 - an empty text is an answer too
    on_failure = models.CharField(max_length=20, choices=[(o, o.capitalize()) for o in OnFailure], default="fail")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("stage", "position"), name="assignment_position_once"),
            models.CheckConstraint(condition=Q(attempts__range=(1, 10)), name="assignment_attempts_in_bounds"),
            models.CheckConstraint(condition=Q(backoff__range=(0, 3_600)), name="assignment_backoff_in_bounds"),
            models.CheckConstraint(condition=Q(max_backoff__range=(0, 3_600)), name="assignment_max_backoff_in_bounds"),
            models.CheckConstraint(condition=Q(timeout__range=(1, DAY)), name="assignment_timeout_in_bounds"),
            models.CheckConstraint(
                condition=Q(trigger_timeout__range=(1, DAY)), name="assignment_trigger_timeout_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(on_failure__in=[str(choice) for choice in OnFailure]), name="assignment_on_failure_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent} on {self.stage} of {self.stage.workflow}"


class AllowedWorkflow(models.Model):
    """One entry of an assignment's allow-list; no entry at all allows every workflow of the project."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="allowed")
    workflow = models.ForeignKey("builder.Workflow", on_delete=models.RESTRICT, related_name="allowed_by")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("assignment", "workflow"), name="allowed_workflow_once"),
            models.UniqueConstraint(fields=("assignment", "position"), name="allowed_workflow_position_once"),
        )

    def __str__(self) -> str:
        return str(self.workflow)
