"""Which workers and schedulers are alive, as far as they have said."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process."""

    name = models.CharField(max_length=120, primary_key=True)  # "worker host:pid:start" or "scheduler host:pid:start"
    role = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["role", "at"], name="heartbeat_by_role")]

    def __str__(self) -> str:
        return self.name
