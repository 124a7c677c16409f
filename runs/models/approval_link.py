"""A link by which one person answers one gate without signing in."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from runs.models.gate import Gate


class ApprovalLink(models.Model):
    """Bound to its gate and to the person it is for; good for one answer. Its secret is shown once and kept nowhere."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal, of 256 bits of chance
    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="links")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")  # who answers by it
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)  # also when a newer link for the same person took its place

    def __str__(self) -> str:
        return f"for {self.user_id} at {self.gate_id}"
