"""The project, member and token calls, and the shape of every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from projects.models import ApiToken, AuditEntry, Project
from tests.projects.conftest import Api, People


def _error(answer: Any) -> dict[str, Any]:
    """The error of a refusal, whose shape is checked on the way."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert all(set(detail) == {"path", "message"} for detail in body["error"]["details"])
    assert body["error"]["message"]
    return dict(body["error"])


def test_a_created_project_belongs_to_its_creator(api: Api) -> None:
    made = api("eve", "POST", "/projects", {"name": "My Site", "default_model": "scripted"})

    assert made.status_code == 201
    assert (
        made.json().items()
        >= {"slug": "my-site", "name": "My Site", "default_model": "scripted", "role": "owner"}.items()
    )
    assert set(made.json()) == {"slug", "name", "description", "default_model", "role", "created_at"}
    assert api("eve", "GET", "/projects/my-site").json() == made.json()
    assert AuditEntry.objects.filter(action="project.created", object="my-site").exists()
    said = api("eve", "PATCH", "/projects/my-site", {"description": "Sells bread."})
    assert (said.status_code, said.json()["description"], said.json()["name"]) == (200, "Sells bread.", "My Site")
    assert api("eve", "PATCH", "/projects/my-site", {"description": "b" * 501}).status_code == 422


def test_two_projects_of_one_name_get_slugs_of_their_own(api: Api) -> None:
    slugs = [api("eve", "POST", "/projects", {"name": "Twin"}).json()["slug"] for _ in range(2)]

    assert slugs == ["twin", "twin-2"]


def test_lists_hold_what_the_caller_can_see_and_page_by_cursor(api: Api) -> None:
    for number in range(5):
        api("eve", "POST", "/projects", {"name": f"P{number}"})

    first = api("eve", "GET", "/projects?limit=2").json()
    second = api("eve", "GET", f"/projects?limit=2&cursor={first['next']}").json()
    third = api("eve", "GET", f"/projects?limit=2&cursor={second['next']}").json()

    assert [item["slug"] for item in first["items"] + second["items"] + third["items"]] == [
        "p0",
        "p1",
        "p2",
        "p3",
        "p4",
    ]
    assert third["next"] is None


def test_a_project_is_renamed_and_keeps_its_slug(api: Api) -> None:
    changed = api("ana", "PATCH", "/projects/website", {"name": "Shop"})

    assert (changed.status_code, changed.json()["name"], changed.json()["slug"]) == (200, "Shop", "website")


def test_an_owner_deletes_a_project(api: Api) -> None:
    assert api("bob", "DELETE", "/projects/website").status_code == 403
    assert api("ana", "DELETE", "/projects/website").status_code == 204
    assert not Project.objects.exists()


def test_members_are_added_changed_and_removed(api: Api) -> None:
    assert api("ana", "POST", "/projects/website/members", {"user": "eve", "role": "viewer"}).status_code == 200
    assert api("eve", "GET", "/projects/website").json()["role"] == "viewer"
    assert api("ana", "POST", "/projects/website/members", {"user": "eve", "role": "editor"}).json() == {
        "user": "eve",
        "role": "editor",
    }
    assert api("ana", "DELETE", "/projects/website/members/eve").status_code == 204
    assert api("eve", "GET", "/projects/website").status_code == 404


def test_the_last_owner_stays(api: Api) -> None:
    assert api("ana", "DELETE", "/projects/website/members/ana").status_code == 409
    assert api("ana", "POST", "/projects/website/members", {"user": "ana", "role": "viewer"}).status_code == 409


def test_a_token_is_shown_once_and_works_until_it_is_revoked(api: Api) -> None:
    made = api("ana", "POST", "/projects/website/tokens", {"name": "CI", "scopes": ["run"]}).json()
    listed = api("ana", "GET", "/projects/website/tokens").json()["items"]

    assert api(made["token"], "GET", "/projects/website").json()["role"] == "operator"
    assert [item["id"] for item in listed if item["name"] == "CI"] == [made["id"]]
    assert "token" not in listed[0]
    assert api("ana", "DELETE", f"/projects/website/tokens/{made['id']}").status_code == 204
    assert api(made["token"], "GET", "/projects/website").status_code == 401


def test_a_token_of_one_project_sees_no_other_and_makes_none(api: Api) -> None:
    api("ana", "POST", "/projects", {"name": "Other"})
    token = api("ana", "POST", "/projects/website/tokens", {}).json()["token"]

    assert api(token, "GET", "/projects/other").status_code == 404
    assert [item["slug"] for item in api(token, "GET", "/projects").json()["items"]] == ["website"]
    assert api(token, "POST", "/projects", {"name": "More"}).status_code in (403, 404)
    assert not Project.objects.filter(name="More").exists()


def test_a_narrow_token_cannot_make_a_wider_one(api: Api) -> None:
    token = api("ana", "POST", "/projects/website/tokens", {"scopes": ["edit"]}).json()["token"]

    assert api(token, "POST", "/projects/website/tokens", {"scopes": ["admin"]}).status_code == 403


# Refusals


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer ", "Bearer baton_x_y", "Basic YTpi", "baton_x_y"])
def test_without_a_valid_token_it_is_401(people: People, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = Client().get("/api/v1/projects", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert _error(answer)["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("bob", "DELETE", "/projects/website", 403),
        ("bob", "PATCH", "/projects/website", 403),
        ("bob", "POST", "/projects/website/members", 403),
        ("bob", "DELETE", "/projects/website/members/ana", 403),
        ("bob", "GET", "/projects/website/tokens", 403),
        ("bob", "POST", "/projects/website/tokens", 403),
        ("eve", "GET", "/projects/website", 404),
        ("eve", "DELETE", "/projects/website", 404),
        ("eve", "PATCH", "/projects/website", 404),
        ("eve", "GET", "/projects/website/members", 404),
        ("eve", "POST", "/projects/website/members", 404),
        ("eve", "GET", "/projects/website/tokens", 404),
        ("eve", "GET", "/projects/website/export", 404),
        ("eve", "GET", "/projects/website/workflows", 404),
        ("eve", "GET", "/projects/website/agents", 404),
        ("eve", "GET", "/projects/website/runs", 404),
        ("eve", "GET", "/projects/website/gates", 404),
    ],
)
def test_a_low_role_is_403_and_a_stranger_gets_404(api: Api, who: str, method: str, path: str, status: int) -> None:
    """Interfaces 5, rule 12.4: 403 in a project that the caller can see, 404 in any other."""
    bodies = {"members": {"user": "eve", "role": "owner"}, "tokens": {}, "website": {"name": "Mine"}}
    body = bodies.get(path.rsplit("/", 1)[-1]) if method in ("POST", "PATCH") else None

    answer = api(who, method, path, body)

    assert answer.status_code == status
    _error(answer)


def _post(api: Api, raw: bytes, path: str = "/projects", **headers: str) -> Any:
    return api("ana", "POST", path, data=raw, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b'{"name": "a", "extra": 1}',
        b'{"name": 7}',
        b'{"name": null}',
        b'{"name": ""}',
        b'{"name": " padded"}',
        '{"name": "a\u202eb"}'.encode(),
        b'{"name": "' + b"x" * 101 + b'"}',
        b'{"name": "a", "default_model": ""}',
        b'{"name":' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_a_body_that_does_not_fit_is_422_and_nothing_is_made(api: Api, raw: bytes) -> None:
    answer = _post(api, raw)

    assert answer.status_code == 422
    assert _error(answer)["details"]
    assert Project.objects.count() == 1


def test_all_problems_are_told_at_once_with_their_places(api: Api) -> None:
    answer = _post(api, b'{"default_model": 7, "colour": "red"}')

    assert {detail["path"] for detail in _error(answer)["details"]} == {"name", "default_model", "colour"}


def test_a_body_over_one_mebibyte_is_413(api: Api) -> None:
    """Rule 6.5: 1 MiB for a body."""
    largest = b'{"name": "' + b"x" * (1_048_576 - 12) + b'"}'

    assert len(largest) == 1_048_576
    assert _post(api, largest).status_code == 422
    assert _post(api, largest + b" ").status_code == 413
    assert _error(_post(api, b"x" * 2_000_000))["code"] == "too_large"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=many", "cursor=no", "cursor=bm8", "page=2", "limit=5&colour=red"]
)
def test_a_query_that_does_not_fit_is_422(api: Api, query: str) -> None:
    answer = api("ana", "GET", f"/projects?{query}")

    assert answer.status_code == 422
    assert _error(answer)["details"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/projects/website/nothing", "/projects//members", "/runs/17", "/runs/x/events", "/gates/x"]
)
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    """Interfaces 5: a malformed id is 404."""
    answer = api("ana", "GET", path)

    assert answer.status_code == 404
    assert _error(answer)["code"] == "not_found"


def test_a_wrong_method_is_405_in_the_same_shape(api: Api) -> None:
    answer = api("ana", "PUT", "/projects", {})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"
    _error(answer)


def test_a_session_needs_the_csrf_token_for_what_changes_something(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.ana, backend="django.contrib.auth.backends.ModelBackend")

    read = client.get("/api/v1/projects")
    without = client.post("/api/v1/projects", {"name": "New"}, content_type="application/json")
    client.get("/")
    token = client.cookies["csrftoken"].value
    with_token = client.post(
        "/api/v1/projects", {"name": "New"}, content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert (read.status_code, without.status_code, with_token.status_code) == (200, 403, 201)
    _error(without)


def test_calls_are_limited_when_asked(api: Api, settings: Any) -> None:
    """Interfaces 8: API rate limits are off unless RATE_LIMIT_API is set; 429 carries Retry-After."""
    settings.BATON = settings.BATON.model_copy(update={"rate_limit_api": "3/h"})

    answers = [api("ana", "GET", "/projects") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert _error(answers[-1])["code"] == "too_many"
    assert api("bob", "GET", "/projects").status_code == 200


# The description


def test_the_description_declares_every_refusal_of_every_call(db: None) -> None:
    described = json.loads(Client().get("/api/v1/openapi.json").content)

    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert {"401", "403", "404", "409", "413", "422", "429"} <= set(call["responses"]), f"{method} {path}"
            assert call["summary"], f"{method} {path}"


def test_the_page_of_the_description_needs_no_other_host(db: None) -> None:
    page = Client().get("/api/v1/docs").content.decode()

    assert "//" not in page.replace("http://www.w3.org", "")


def test_a_token_stays_with_its_user(people: People) -> None:
    User.objects.filter(username="ana").delete()

    assert not ApiToken.objects.exists()
