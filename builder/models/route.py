"""Routes: where an outcome leads. An outcome without a route goes to the next stage."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agents.fields import JsonText


class Route(models.Model):
    """To a stage, to the end, or to a workflow after which the run goes on at `continue_stage` (None: the end)."""

    class Kind(models.TextChoices):
        STAGE = "stage"
        WORKFLOW = "workflow"
        END = "end"

    outcome = models.OneToOneField("builder.Outcome", on_delete=models.CASCADE, related_name="route")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    target_stage = models.ForeignKey(
        "builder.Stage", on_delete=models.RESTRICT, null=True, blank=True, related_name="routes_in"
    )
    target_workflow = models.ForeignKey(
        "builder.Workflow", on_delete=models.RESTRICT, null=True, blank=True, related_name="routes_in"
    )
    continue_stage = models.ForeignKey(
        "builder.Stage", on_delete=models.RESTRICT, null=True, blank=True, related_name="continues_in"
    )
    input = JsonText(default="")
    timeout = models.FloatField(null=True, blank=True)  # seconds that the wait may take

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="route_has_one_target",
                condition=(
                    Q(kind="stage", target_stage__isnull=False, target_workflow=None, continue_stage=None)
                    | Q(kind="workflow", target_stage=None, target_workflow__isnull=False)
                    | Q(kind="end", target_stage=None, target_workflow=None, continue_stage=None)
                ),
            ),
            models.CheckConstraint(
                condition=Q(timeout=None) | Q(timeout__range=(1, 86_400)), name="route_timeout_in_bounds"
            ),
        )

    def __str__(self) -> str:
        return f"{self.outcome} → {self.target_workflow or self.target_stage or self.kind}"
