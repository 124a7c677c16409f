"""Reading projects, members and tokens."""

from __future__ import annotations

from django.db.models import QuerySet

from projects.access import Caller, visible_projects
from projects.models import ApiToken, Member, Project


def slug_taken(slug: str) -> bool:
    """Whether a project has that slug."""
    return Project.objects.filter(slug=slug).exists()


def members_of(project: Project) -> QuerySet[Member]:
    """The members of a project with their users."""
    return Member.objects.select_related("user").filter(project=project)


def tokens_of(project: Project) -> QuerySet[ApiToken]:
    """The tokens that are bound to a project and have not been revoked."""
    return ApiToken.objects.select_related("user", "project").filter(project=project, revoked_at__isnull=True)


def roles_of(caller: Caller) -> dict[int, str]:
    """The caller's stored role by project id."""
    return dict(Member.objects.filter(user=caller.user).values_list("project_id", "role"))


def first_projects(caller: Caller, most: int) -> list[tuple[str, str]]:
    """Slug and name of the caller's projects, by name, at most so many."""
    return list(visible_projects(caller).order_by("name_key").values_list("slug", "name")[:most])
