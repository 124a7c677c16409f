"""Who may do what: roles, callers, and the look-ups that check both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from projects import rows
from projects.errors import Forbidden, NotFound
from projects.models import ApiToken, Member, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Role(StrEnum):
    """What a member may do; each role includes those before it."""

    VIEWER = "viewer"  # reads
    OPERATOR = "operator"  # also starts, controls, answers
    EDITOR = "editor"  # also changes definitions and triggers
    OWNER = "owner"  # also members, tokens, secrets, deletion

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Whether this role may do what the other may."""
        return self.rank >= other.rank

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, Role) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Role) else NotImplemented


# The highest role that a token with a scope has, whatever its user may do.
SCOPES = {"read": Role.VIEWER, "run": Role.OPERATOR, "edit": Role.EDITOR, "admin": Role.OWNER}

_NO_PROJECT = "There is no such project, or nothing in it that you can see."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user, by session or by a token that may narrow the user's rights."""

    user: User
    token: ApiToken | None = None


# Asked by every request: written out, so that it is built once.
_ROLE = "SELECT role FROM projects_member WHERE project_id = %s AND user_id = %s"


def role_of(caller: Caller, project: Project) -> Role | None:
    """The caller's role in a project, narrowed by the token; None when the project is not visible to them."""
    found = rows.query(_ROLE, [project.pk, caller.user.pk])
    return narrowed(caller, project.pk, found[0][0] if found else None)


def narrowed(caller: Caller, project_id: int, membership: str | None) -> Role | None:
    """The caller's role in a project of which they are a member with the role `membership`, or no member (None)."""
    token = caller.token
    if membership is None or (token is not None and token.project_id not in (None, project_id)):
        return None
    role = Role(membership)
    if token is None or not token.scopes:
        return role
    cap = max((SCOPES[scope] for scope in token.scopes), key=lambda limit: limit.rank)
    return role if cap.includes(role) else cap


def roles_in(project: Project, user_ids: Iterable[int]) -> dict[int, Role]:
    """The roles of these users in a project, by user id; whoever is no member is left out."""
    found = Member.objects.filter(project=project, user__in=set(user_ids)).values_list("user_id", "role")
    return {user_id: Role(role) for user_id, role in found}


def require(caller: Caller, project: Project, role: Role, *, missing: str = _NO_PROJECT) -> None:
    """Raise NotFound when the caller cannot see the project, Forbidden when their role is too low.

    `missing` is what somebody who cannot see it is told: the same words as where there is nothing.
    """
    require_role(role_of(caller, project), role, missing=missing)


def require_role(has: Role | None, role: Role, *, missing: str = _NO_PROJECT) -> Role:
    """`require`, where the caller's role is known already. Returns it."""
    if has is None:
        raise NotFound(missing)
    if not has.includes(role):
        raise Forbidden(f"This needs the role {role.value}; you are {has.value}.")
    return has


def project_for(caller: Caller, slug: str, role: Role = Role.VIEWER) -> Project:
    """The project with that slug, if the caller may do what `role` may. Raises NotFound or Forbidden."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise NotFound(_NO_PROJECT)
    require(caller, project, role)
    return project


def visible_projects(caller: Caller) -> QuerySet[Project]:
    """Every project that the caller can see."""
    found = Project.objects.filter(members__user=caller.user)
    if caller.token is not None and caller.token.project_id is not None:
        found = found.filter(pk=caller.token.project_id)
    return found
