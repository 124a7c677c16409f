"""Every call by every kind of caller: who may, who is told no, and who is told that there is nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from projects.access import Role
from tests.api.conftest import Answer, House, call
from tests.api.routes import ROWS, address, calls

_RIGHTS = {
    "viewer": Role.VIEWER,
    "operator": Role.OPERATOR,
    "editor": Role.EDITOR,
    "owner": Role.OWNER,
    "bound": Role.OWNER,
    "read only": Role.VIEWER,
    "run only": Role.OPERATOR,
}
_NOBODY = ("", "revoked", "expired", "switched off", "unknown")
_SHAPES = {401: "unauthorized", 403: "forbidden", 404: "not_found"}


def test_every_call_has_its_row_and_every_row_its_call() -> None:
    assert sorted(calls()) == sorted(ROWS)


def _try(house: House, who: str, route: str) -> Answer:
    """Make a call and take back what it did."""
    method, path = address(route, house)
    with transaction.atomic():
        answer = house.call(who, method, path, ROWS[route].body)
        transaction.set_rollback(True)
    return answer


def _expected(who: str, route: str) -> int:
    row = ROWS[route]
    if who in _NOBODY:
        return 401
    if route in ("POST /projects", "POST /projects/import") and who in ("elsewhere", "stranger"):
        # A stranger makes a project of their own; the token of one project cannot make another.
        return 404 if who == "elsewhere" else row.answers
    if route == "POST /projects":
        # Whoever creates a project owns it, so that a token has to have that right.
        return {"bound": 404, "read only": 403, "run only": 403}.get(who, row.answers)
    if row.role is None:
        return row.answers
    if who not in _RIGHTS:
        return 404
    return row.answers if _RIGHTS[who].includes(row.role) else 403


@pytest.mark.parametrize("route", sorted(ROWS))
def test_a_call_is_open_to_those_who_may_and_to_nobody_else(house: House, route: str) -> None:
    """Rule 12.4, interfaces 5: 401 without a valid token, 404 to strangers, 403 to members whose role is too low."""
    everybody = [*_NOBODY, "stranger", "elsewhere", *_RIGHTS]

    answers = {who: _try(house, who, route) for who in everybody}

    assert {who: answer.status for who, answer in answers.items()} == {who: _expected(who, route) for who in everybody}
    for answer in answers.values():
        if answer.status in _SHAPES:
            assert answer.code == _SHAPES[answer.status]
            assert "Website" not in str(answer.body)


def test_lists_show_nothing_of_projects_that_are_not_the_callers(house: House) -> None:
    """Rule 12.4."""
    assert [item["slug"] for item in house.call("owner", "GET", "/projects").body["items"]] == ["website", "other"]
    assert [item["slug"] for item in house.call("bound", "GET", "/projects").body["items"]] == ["website"]
    assert [item["slug"] for item in house.call("elsewhere", "GET", "/projects").body["items"]] == ["other"]
    assert house.call("stranger", "GET", "/projects").body == {"items": [], "next": None}
    assert house.call("read only", "GET", "/projects/website").body["role"] == "viewer"


def test_what_belongs_to_another_run_or_workflow_is_not_found_under_this_one(house: House) -> None:
    """Rule 12.4: an id opens nothing below an address that it does not belong to."""
    started = house.call("owner", "POST", "/projects/website/workflows/Review/runs", {"input": ""}).body["id"]

    assert house.call("owner", "GET", f"/runs/{started}/agents/{house.agent_run.pk}").status == 404
    assert house.call("owner", "GET", "/projects/website/workflows/Typed/versions/99").status == 404
    assert house.call("owner", "DELETE", f"/projects/other/tokens/{house.spare_token}").status == 404


def _session(user: str) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username=user), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("route", sorted(route for route in ROWS if not route.startswith("GET ")))
def test_a_session_without_its_csrf_token_changes_nothing(house: House, route: str) -> None:
    """Trust 4.3: 403 on every unsafe call."""
    method, path = address(route, house)

    answer = call(_session("owner"), method, path, ROWS[route].body)

    assert (answer.status, answer.code) == (403, "forbidden")


def test_a_session_reads_and_with_its_csrf_token_writes(house: House) -> None:
    client = _session("owner")
    token = "t" * 32
    client.cookies["csrftoken"] = token

    assert call(client, "GET", "/projects/website").body["role"] == "owner"
    assert call(client, "POST", "/projects", {"name": "Mine"}, X_CSRFToken=token).status == 201
    assert call(client, "POST", "/projects", {"name": "Mine"}, X_CSRFToken="f" * 32).status == 403


def test_a_wrong_token_is_not_mended_by_a_session(house: House) -> None:
    """Whoever sends a token means it: the session beside it does not stand in."""
    client = _session("owner")

    assert call(client, "GET", "/projects", Authorization="Bearer wrong").status == 401
    assert call(client, "GET", "/projects", Authorization=f"Bearer {house.tokens['stranger']}").body["items"] == []


@pytest.mark.parametrize("sent", ["Basic YTpi", "Bearer", "Bearer ", "bearer x", "baton_a_b", "Token x", "Bearer a b"])
def test_what_is_no_bearer_token_is_refused(house: House, sent: str) -> None:
    """Interfaces 5: 401 for no or a bad token."""
    answer = call(Client(), "GET", "/projects", Authorization=sent)

    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_address_is_no_token(house: House) -> None:
    assert call(Client(), "GET", f"/projects?token={house.tokens['owner']}").status == 401


def test_a_right_that_is_taken_away_ends_with_the_next_call(house: House) -> None:
    """Rule 12.4."""
    assert house.call("viewer", "GET", f"/runs/{house.run.pk}").status == 200

    assert house.call("owner", "DELETE", "/projects/website/members/viewer").status == 204

    assert house.call("viewer", "GET", f"/runs/{house.run.pk}").status == 404
