"""The shape of every failure."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Answer, House, call

RUNS = "/projects/website/workflows/Review/runs"
MIB = 1024 * 1024


def _told(answer: Answer) -> dict[str, Any]:
    """The error, after a look at its shape."""
    assert answer.headers["Content-Type"].startswith("application/json")
    assert set(answer.body) == {"error"}
    error: dict[str, Any] = answer.body["error"]
    assert set(error) == {"code", "message", "details"}
    assert isinstance(error["message"], str) and error["message"]
    assert all(set(detail) == {"path", "message"} and detail["message"] for detail in error["details"])
    return error


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "code"),
    [
        ("", "GET", "/projects", None, 401, "unauthorized"),
        ("viewer", "POST", RUNS, {}, 403, "forbidden"),
        ("owner", "GET", "/projects/nothing", None, 404, "not_found"),
        ("owner", "GET", "/nothing/at/all", None, 404, "not_found"),
        ("", "GET", "/nothing/at/all", None, 404, "not_found"),
        ("owner", "PUT", "/projects", {}, 405, "method_not_allowed"),
        ("owner", "DELETE", RUNS, None, 405, "method_not_allowed"),
        ("owner", "POST", "/projects/website/agents", {"name": "ada"}, 409, "conflict"),
        ("owner", "POST", RUNS, b'"' + b"x" * (2 * MIB) + b'"', 413, "too_large"),
        ("owner", "POST", "/projects/import", b"x" * (2 * MIB), 413, "too_large"),
        ("owner", "POST", "/projects", b"{", 422, "invalid"),
        ("owner", "POST", "/projects", {}, 422, "invalid"),
    ],
)
def test_a_failure_has_its_status_its_code_and_one_shape(
    house: House, who: str, method: str, path: str, body: Any, status: int, code: str
) -> None:
    """Interfaces 5: the shape of errors and their statuses."""
    answer = house.call(who, method, path, body)

    assert (answer.status, _told(answer)["code"]) == (status, code)


def test_a_wrong_method_names_the_right_ones(house: House) -> None:
    assert house.call("owner", "PUT", "/projects").headers["Allow"] == "GET, POST"


def test_something_foreign_and_something_missing_are_told_the_same_way(house: House) -> None:
    """Rule 12.4: nobody learns what exists elsewhere."""
    for foreign, missing in (
        ("/projects/website", "/projects/nothing"),
        ("/projects/website/workflows/Review", "/projects/nothing/workflows/Review"),
        (f"/runs/{house.run.pk}", "/runs/00000000-0000-4000-8000-000000000000"),
        (f"/gates/{house.gate.pk}", "/gates/00000000-0000-4000-8000-000000000000"),
    ):
        ours, theirs = house.call("stranger", "GET", foreign), house.call("stranger", "GET", missing)
        assert ours.status == theirs.status == 404
        assert ours.body == theirs.body


@pytest.mark.parametrize(
    "path",
    [
        "/runs/1",
        "/runs/not-an-id",
        "/runs/00000000-0000-4000-8000-00000000000g",
        "/runs/not-an-id/events",
        "/runs/not-an-id/tree",
        "/runs/not-an-id/why",
        "/runs/%00",
        "/gates/1",
        "/gates/%F0%9F%9A%80",
        "/projects/%00",
        "/projects/%00/workflows",
        "/projects/website/workflows/%00",
        "/projects/website/workflows/99999999999999999999999999",
        "/projects/website/workflows/-1",
        "/projects/website/agents/99999999999999999999999999",
        "/projects/website/workflows/Review/versions/99999999999999999999999999",
        "/projects/website/workflows/Review/versions/x",
        "/projects/website/workflows/" + "x" * 5_000,
        "/projects/../projects/website",
    ],
)
def test_a_malformed_id_is_not_found(house: House, path: str) -> None:
    """Interfaces 5: a malformed id is 404."""
    answer = house.call("owner", "GET", path)

    assert answer.status == 404
    _told(answer)


@pytest.mark.parametrize("action", ["cancel", "pause", "resume"])
def test_a_malformed_id_is_not_found_when_writing_too(house: House, action: str) -> None:
    """Interfaces 5: a malformed id is 404."""
    assert house.call("owner", "POST", f"/runs/x/{action}", {}).status == 404
    assert house.call("owner", "POST", "/gates/x/answer", {"option": "Yes"}).status == 404
    assert house.call("owner", "GET", f"/runs/{house.run.pk}/agents/x").status == 404


def test_a_refused_body_names_every_problem_with_its_place(house: House) -> None:
    """Interfaces 5: 422 names all problems at once."""
    answer = house.call("owner", "POST", "/projects/website/members", {"role": "king", "colour": "red"})

    assert answer.status == 422
    assert sorted(answer.paths) == ["colour", "role", "user"]


def test_an_input_that_does_not_fit_names_the_field_and_starts_nothing(house: House) -> None:
    """Rule 1.5: input that does not fit is refused with the field and the reason, and no run exists afterwards."""
    answer = house.call("owner", "POST", "/projects/website/workflows/Typed/runs", {"input": {"count": "many"}})

    assert (answer.status, answer.paths) == (422, ["input.count"])
    assert house.call("owner", "GET", "/projects/website/runs?workflow=Typed").body["items"] == []


def test_a_wrong_state_says_what_is_and_what_was_wanted(house: House) -> None:
    """Interfaces 5: 409 says what is and what was wanted."""
    answer = house.call("owner", "POST", f"/runs/{house.run.pk}/resume")

    assert answer.status == 409
    assert "waiting" in answer.body["error"]["message"]
    assert "paused" in answer.body["error"]["message"]


def test_a_second_answer_is_told_who_was_first(house: House) -> None:
    """Rule 7.3: the first answer wins, whoever answers later is told who answered what and when."""
    assert house.call("operator", "POST", f"/gates/{house.gate.pk}/answer", {"option": "Yes"}).status == 200

    again = house.call("editor", "POST", f"/gates/{house.gate.pk}/answer", {"option": "No"})

    assert again.status == 409
    assert "operator" in again.body["error"]["message"]
    assert "Yes" in again.body["error"]["message"]


def test_a_body_beyond_the_limit_changes_nothing(house: House) -> None:
    """Rule 6.5: 1 MiB for an input."""
    body = {"input": "x" * (MIB + 1)}

    answer = house.call("owner", "POST", RUNS, body)

    assert (answer.status, answer.code) == (413, "too_large")
    assert len(house.call("owner", "GET", "/projects/website/runs").body["items"]) == 1


def test_a_body_just_below_the_limit_is_taken(house: House) -> None:
    """Rule 6.5: 1 MiB for an input."""
    body = {"input": "x" * (MIB - 100)}

    assert house.call("owner", "POST", RUNS, body).status == 201


def test_pages_of_other_addresses_stay_pages(house: House) -> None:
    """Only the API answers in JSON."""
    assert call(Client(), "GET", "").status == 404
    assert Client().get("/nothing").headers["Content-Type"].startswith("text/html")
