"""Who may do what in a project."""

from __future__ import annotations

import itertools

import pytest

from projects.access import Caller, Role, project_for, require, role_of, visible_projects
from projects.errors import Forbidden, NotFound
from projects.models import Member
from projects.operations import create_project
from projects.tokens import create_token
from tests.projects.conftest import People


@pytest.mark.parametrize(("has", "wanted"), list(itertools.product(Role, Role)))
def test_a_role_may_do_what_the_roles_before_it_may(people: People, has: Role, wanted: Role) -> None:
    Member.objects.create(project=people.website, user=people.eve, role=has)
    order = ["viewer", "operator", "editor", "owner"]

    if order.index(has) >= order.index(wanted):
        require(Caller(people.eve), people.website, wanted)
    else:
        with pytest.raises(Forbidden):
            require(Caller(people.eve), people.website, wanted)


def test_a_stranger_is_told_that_there_is_nothing(people: People) -> None:
    """Rule 12.4: who may not see a project gets nothing."""
    with pytest.raises(NotFound) as foreign:
        project_for(Caller(people.eve), "website", Role.VIEWER)
    with pytest.raises(NotFound) as missing:
        project_for(Caller(people.eve), "no-such", Role.VIEWER)

    assert foreign.value.message == missing.value.message
    assert list(visible_projects(Caller(people.eve))) == []


def test_a_superuser_is_no_member_by_that(people: People) -> None:
    people.eve.is_superuser = True
    people.eve.save(update_fields=["is_superuser"])

    assert role_of(Caller(people.eve), people.website) is None


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        ([], Role.OWNER),
        (["admin"], Role.OWNER),
        (["edit"], Role.EDITOR),
        (["run"], Role.OPERATOR),
        (["read"], Role.VIEWER),
        (["read", "edit"], Role.EDITOR),
    ],
)
def test_a_scope_narrows_what_the_user_may(people: People, scopes: list[str], role: Role) -> None:
    token = create_token(people.ana, scopes=scopes).row

    assert role_of(Caller(people.ana, token), people.website) is role


def test_a_scope_never_widens_what_the_user_may(people: People) -> None:
    token = create_token(people.bob, scopes=["admin"]).row

    assert role_of(Caller(people.bob, token), people.website) is Role.OPERATOR


def test_a_token_of_a_project_sees_no_other(people: People) -> None:
    other = create_project(Caller(people.ana), "Other")
    caller = Caller(people.ana, create_token(people.ana, project=other).row)

    assert role_of(caller, people.website) is None
    assert role_of(caller, other) is Role.OWNER
    assert list(visible_projects(caller)) == [other]
