"""Triggers: what starts a workflow from outside."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText
from builder.spec import TRIGGER_KINDS


class Trigger(models.Model):
    """One trigger. `block` is its block of the project file; whether it is on is a column of its own."""

    workflow = models.ForeignKey("builder.Workflow", on_delete=models.CASCADE, related_name="triggers")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in TRIGGER_KINDS])
    name = models.CharField(max_length=100, default="", blank=True)
    name_key = models.CharField(max_length=400, default="", blank=True)
    enabled = models.BooleanField(default=False)
    block = JsonText(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("workflow", "position"), name="trigger_position_once"),
            models.UniqueConstraint(
                fields=("workflow", "name_key"), condition=~Q(name_key=""), name="trigger_name_once_per_workflow"
            ),
            models.CheckConstraint(condition=Q(kind__in=TRIGGER_KINDS), name="trigger_kind_known"),
        )

    def __str__(self) -> str:
        return self.name or self.kind
