"""Which routes of a workflow were ever followed."""

from __future__ import annotations

from django.db import models

from builder.models import Workflow


class TakenRoute(models.Model):
    """An outcome of a stage that some run has ended with, and where it led then: by name, so that an equal route of a
    later version counts as taken. One row a route, however many runs there are."""

    # Without a constraint in the database: a workflow may be deleted under a live run (rule 1.2).
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    stage = models.CharField(max_length=100)
    outcome = models.CharField(max_length=100)
    target = models.CharField(max_length=250)  # see runs.engine.routes
    at = models.DateTimeField()  # of the first time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "stage", "outcome", "target"], name="taken_route_once")
        ]

    def __str__(self) -> str:
        return f"{self.stage}: {self.outcome} to {self.target}"
