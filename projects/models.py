"""Projects, who belongs to them, and the keys by which people and programs come in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Project(models.Model):
    """A project holds agents and workflows."""

    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=300)
    slug = models.SlugField(max_length=100, unique=True)
    default_model = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null means none is set
    description = models.CharField(max_length=500, default="", db_default="")  # what it is for; not in its file
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A user's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="member_once"),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "operator", "editor", "owner"]), name="member_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class ApiToken(models.Model):
    """A bearer token: its text is shown once, only a digest is kept. Without a project it has its user's rights."""

    public_id = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)  # SHA-256, hexadecimal
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="api_tokens")
    name = models.CharField(max_length=100, default="")
    scopes = models.JSONField(default=list)  # read, run, edit, admin; empty: all
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.public_id


class LoginLink(models.Model):
    """A link that signs a user in, once."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"for {self.user_id}"


class AuditEntry(models.Model):
    """One security-relevant act. Rows are only ever added."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=150, default="")
    address = models.CharField(max_length=64, default="")
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=200, default="")
    data = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.actor} {self.action}"
