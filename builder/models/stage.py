"""Stages, and the outcomes that a stage can end with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from builder.spec import END, Mode


class Stage(models.Model):
    """One stage of a workflow, at its position."""

    workflow = models.ForeignKey("builder.Workflow", on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=400)
    task = models.TextField(default="", blank=True)
    mode = models.CharField(max_length=20, choices=[(mode, mode.capitalize()) for mode in Mode], default=Mode.PARALLEL)
    max_cycles = models.PositiveIntegerField(default=30)
    max_visits = models.PositiveIntegerField(default=5)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("workflow", "position"), name="stage_position_once"),
            models.UniqueConstraint(fields=("workflow", "name_key"), name="stage_name_once_per_workflow"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(name_key=""), name="stage_has_name"),
            models.CheckConstraint(condition=~Q(name_key=END), name="stage_name_not_reserved"),
            models.CheckConstraint(condition=Q(mode__in=[str(mode) for mode in Mode]), name="stage_mode_known"),
            models.CheckConstraint(condition=Q(max_cycles__range=(1, 1_000)), name="stage_max_cycles_in_bounds"),
            models.CheckConstraint(condition=Q(max_visits__range=(1, 1_000)), name="stage_max_visits_in_bounds"),
        )

    def __str__(self) -> str:
        return self.name


class Outcome(models.Model):
    """A label that a stage can end with; case-sensitive."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="outcomes")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("stage", "label"), name="outcome_label_once_per_stage"),
            models.UniqueConstraint(fields=("stage", "position"), name="outcome_position_once"),
            models.UniqueConstraint(fields=("stage",), condition=Q(is_default=True), name="outcome_one_default"),
            models.CheckConstraint(condition=~Q(label=""), name="outcome_has_label"),
        )

    def __str__(self) -> str:
        return self.label
