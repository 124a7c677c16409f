"""Tokens and login links: shown once, stored as digests, ended at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from projects.errors import Invalid
from projects.models import ApiToken, LoginLink
from projects.tokens import caller_of, create_login_link, create_token, revoke_token, use_login_link
from tests.projects.conftest import People


def test_a_token_stands_for_its_user_and_is_stored_as_a_digest_only(people: People) -> None:
    new = create_token(people.ana)

    assert re.fullmatch(r"baton_[0-9a-f]+_[A-Za-z0-9_-]{43}", new.text)
    caller = caller_of(new.text)
    assert caller is not None
    assert caller.user == people.ana
    stored = ApiToken.objects.values().get(pk=new.row.pk)
    assert new.text.split("_", 2)[2] not in str(stored)


@pytest.mark.parametrize("wrong", ["", "baton", "baton__", "baton_x_y", "other_x_y", "baton_\u0000_x", "ä" * 300])
def test_what_is_no_token_stands_for_nobody(people: People, wrong: str) -> None:
    assert caller_of(wrong) is None


def test_a_changed_secret_stands_for_nobody(people: People) -> None:
    text = create_token(people.ana).text

    assert caller_of(text[:-1] + ("A" if text[-1] != "A" else "B")) is None


def test_a_revoked_token_ends_at_once(people: People) -> None:
    new = create_token(people.ana)
    revoke_token(new.row)

    assert caller_of(new.text) is None


def test_an_expired_token_stands_for_nobody(people: People) -> None:
    new = create_token(people.ana, expires_at=timezone.now() - timedelta(seconds=1))

    assert caller_of(new.text) is None


def test_the_token_of_a_user_who_was_switched_off_stands_for_nobody(people: People) -> None:
    new = create_token(people.ana)
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])

    assert caller_of(new.text) is None


def test_unknown_scopes_are_refused(people: People) -> None:
    with pytest.raises(Invalid) as caught:
        create_token(people.ana, scopes=["read", "everything"])

    assert [detail.path for detail in caught.value.details] == ["scopes"]


def test_a_login_link_works_once(people: People) -> None:
    secret = create_login_link(people.ana)

    assert use_login_link(secret) == people.ana
    assert use_login_link(secret) is None
    assert not LoginLink.objects.filter(digest=secret).exists()


def test_a_new_login_link_ends_the_one_before(people: People) -> None:
    first, second = create_login_link(people.ana), create_login_link(people.ana)

    assert use_login_link(first) is None
    assert use_login_link(second) == people.ana


def test_a_login_link_expires(people: People) -> None:
    secret = create_login_link(people.ana)
    LoginLink.objects.update(expires_at=timezone.now())

    assert use_login_link(secret) is None
