"""Hooks: actions at a stage's entry and exit."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText
from builder.spec import HOOK_KINDS


class Hook(models.Model):
    """One hook. `block` is its block of the project file; the workflow that it names is a reference of its own."""

    class Moment(models.TextChoices):
        ENTRY = "entry"
        EXIT = "exit"

    stage = models.ForeignKey("builder.Stage", on_delete=models.CASCADE, related_name="hooks")
    moment = models.CharField(max_length=10, choices=Moment.choices)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in HOOK_KINDS])
    target_workflow = models.ForeignKey(
        "builder.Workflow", on_delete=models.RESTRICT, null=True, blank=True, related_name="hooks_in"
    )
    block = JsonText(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("moment", "position")
        constraints = (
            models.UniqueConstraint(fields=("stage", "moment", "position"), name="hook_position_once"),
            models.CheckConstraint(condition=Q(moment__in=("entry", "exit")), name="hook_moment_known"),
            models.CheckConstraint(condition=Q(kind__in=HOOK_KINDS), name="hook_kind_known"),
            models.CheckConstraint(
                name="hook_target_where_it_has_one",
                condition=(
                    Q(kind="workflow", target_workflow__isnull=False) | (~Q(kind="workflow") & Q(target_workflow=None))
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} at the {self.moment} of {self.stage}"
