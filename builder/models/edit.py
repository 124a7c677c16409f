"""What was edited, by whom, and where the cards of the canvas stand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.fields import JsonText


class Edit(models.Model):
    """One change of a workflow. `number` counts every edit; `revision` is the workflow's after it.

    `patch` holds what changed (see builder.patches) after `renames` of stages (old name to new).
    """

    class State(models.TextChoices):
        DONE = "done"
        UNDONE = "undone"  # may be redone
        DROPPED = "dropped"  # undone, and its author went on otherwise

    workflow = models.ForeignKey("builder.Workflow", on_delete=models.CASCADE, related_name="edits")
    number = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)  # the command's name, or create, import, replace, undo, redo, restore
    summary = models.CharField(max_length=300)
    patch = JsonText(default=list)
    renames = JsonText(default=dict)
    version = models.ForeignKey(
        "builder.WorkflowVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="edits"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("workflow", "number"), name="edit_number_once_per_workflow"),
            models.CheckConstraint(condition=Q(number__gte=1), name="edit_number_from_one"),
            models.CheckConstraint(condition=Q(state__in=("done", "undone", "dropped")), name="edit_state_known"),
        )

    def __str__(self) -> str:
        return f"{self.summary} (edit {self.number} of {self.workflow})"


class Place(models.Model):
    """Where a card of the canvas stands, in pixels: a stage's, or, with an outcome's label, the card of the workflow
    that this outcome leads to. What has no place stands where the layout puts it."""

    stage = models.ForeignKey("builder.Stage", on_delete=models.CASCADE, related_name="places")
    label = models.CharField(max_length=100, default="", blank=True)
    x = models.IntegerField()
    y = models.IntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("stage", "label"), name="place_once"),)

    def __str__(self) -> str:
        return f"{self.stage}{f': {self.label}' if self.label else ''} at {self.x}, {self.y}"
