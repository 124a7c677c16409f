"""Whom a list of approvers means among the members of a project, for checks before a run and for open gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from projects.access import Role
from projects.models import Member

People = Mapping[str, Role]  # user names of active members, each with their role

_ROLES = {role.value: role for role in Role}


def is_asked(approvers: Sequence[str], name: str, role: Role) -> bool:
    """Whether the list asks this person: by user name, or by a role that theirs includes; an empty one asks all."""
    return not approvers or any(
        approver == name or (approver in _ROLES and role.includes(_ROLES[approver])) for approver in approvers
    )


def asked_people(approvers: Sequence[str], people: People) -> list[str]:
    """Those who may answer, in the order of their names: whom the list asks, of all who may operate."""
    return sorted(
        name for name, role in people.items() if role.includes(Role.OPERATOR) and is_asked(approvers, name, role)
    )


def who(approvers: Sequence[str]) -> str:
    """The persons who are asked, in words: "ana, ben or an owner"."""
    if not approvers:
        return "anyone who may operate this project"
    return any_of([f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name in _ROLES else name for name in approvers])


def any_of(names: Sequence[str]) -> str:
    """Names as a choice: "ana, ben or cy"."""
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)


def people_in(projects: Iterable[int]) -> dict[int, dict[str, Role]]:
    """The active members of these projects (ids) with their roles, in one query."""
    found: dict[int, dict[str, Role]] = {}
    rows = Member.objects.filter(project__in=set(projects), user__is_active=True)
    for project, name, role in rows.values_list("project_id", "user__username", "role"):
        found.setdefault(project, {})[name] = Role(role)
    return found
