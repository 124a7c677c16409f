"""One execution of a workflow."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from builder.models import Workflow, WorkflowVersion
from projects.models import Project
from runs.engine.limits import DEPTH
from runs.engine.status import FINAL_RUN, RunStatus

FINAL = sorted(status.value for status in FINAL_RUN)
STATUSES = [(status.value, status.value) for status in RunStatus]
ORIGINS = ("manual", "api", "cli", "schedule", "webhook", "agent", "route", "subagent", "hook", "rerun", "retry")


class RunCounter(models.Model):
    """The last run number given out in a project."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.last}"


class WorkflowRun(models.Model):
    """A run: what was asked, where it stands, what it returned. `position` and `values` are the engine's state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs", db_index=False)
    number = models.PositiveIntegerField()
    workflow = models.ForeignKey(Workflow, on_delete=models.SET_NULL, null=True, related_name="runs", db_index=False)
    workflow_name = models.CharField(max_length=100)
    version = models.ForeignKey(WorkflowVersion, on_delete=models.RESTRICT, related_name="runs")
    status = models.CharField(max_length=10, choices=STATUSES, default=RunStatus.QUEUED.value)
    origin = models.CharField(max_length=10)
    starter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null means no key and stays out of the unique constraint
    input = models.JSONField()
    metadata = models.JSONField(default=dict)
    # How a dry run and its children stand in (runs.dry_runs); null: a run in earnest.
    dry = models.JSONField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    lineage = models.JSONField(default=list)  # [[workflow id, name], …], root first, this run last
    position = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    seq = models.PositiveIntegerField(default=0)  # number of the last event
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    cost = models.FloatField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)  # when the scheduler last rang for it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="run_number_unique"),
            models.UniqueConstraint(fields=["workflow", "key"], name="run_key_unique", condition=Q(key__isnull=False)),
            models.CheckConstraint(condition=Q(depth__lt=DEPTH), name="run_depth_below_limit"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RunStatus]), name="run_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL, finished_at__isnull=False)
                | (~Q(status__in=FINAL) & Q(finished_at__isnull=True)),
                name="run_finished_when_final",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="run_by_project"),
            models.Index(fields=["workflow", "-number"], name="run_by_workflow"),
            models.Index(fields=["project", "status", "-number"], name="run_by_status"),
            models.Index(fields=["project", "origin", "-number"], name="run_by_origin"),
            models.Index(fields=["project", "-number"], name="run_dry", condition=Q(dry__isnull=False)),
            models.Index(fields=["created_at"], name="run_queued", condition=Q(status=RunStatus.QUEUED.value)),
            models.Index(fields=["project", "status"], name="run_open", condition=~Q(status__in=FINAL)),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} #{self.number}"
