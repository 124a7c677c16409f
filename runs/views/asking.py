"""Who asks, what they may do, and the numbers in what they ask for."""

from __future__ import annotations

from django.http import HttpRequest

from projects.access import Caller, Role, role_of
from projects.models import Project


def caller_of(request: HttpRequest) -> Caller:
    """The signed-in user as a caller."""
    return Caller(request.user)  # type: ignore[arg-type]


def operates(caller: Caller, project: Project) -> bool:
    """Whether the caller may start, control and answer in the project."""
    role = role_of(caller, project)
    return role is not None and role >= Role.OPERATOR


def number_of(text: str | None, default: int) -> int:
    """A number of an address; `default` where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default
