"""Who asks for a page of the builder."""

from __future__ import annotations

from django.http import HttpRequest

from builder.models import Workflow
from projects.access import Caller, Role, role_of


def caller_of(request: HttpRequest) -> Caller:
    """The signed-in user as a caller."""
    return Caller(request.user)  # type: ignore[arg-type]


def edits(caller: Caller, workflow: Workflow) -> bool:
    """Whether the caller may change the workflow."""
    role = role_of(caller, workflow.project)
    return role is not None and role >= Role.EDITOR
