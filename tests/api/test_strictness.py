"""What the API refuses to guess: unknown fields and parameters, loose JSON, values out of bounds."""

from __future__ import annotations

import pytest

from builder.models import Workflow
from projects.models import Project
from tests.api.conftest import House
from tests.api.routes import ROWS, address

WITH_BODY = sorted(route for route, row in ROWS.items() if not route.startswith(("GET ", "DELETE ")))
READS_A_BODY = [route for route in WITH_BODY if not route.endswith("/restore")]


@pytest.mark.parametrize("route", sorted(ROWS))
def test_an_unknown_query_parameter_is_refused(house: House, route: str) -> None:
    """Interfaces 5: unknown query parameters are refused."""
    method, path = address(route, house)

    answer = house.call("owner", method, f"{path}?colour=red", ROWS[route].body)

    assert (answer.status, answer.code) == (422, "invalid")
    assert "colour" in answer.paths


@pytest.mark.parametrize("route", READS_A_BODY)
def test_an_unknown_field_is_refused(house: House, route: str) -> None:
    """Interfaces 5: unknown fields are refused."""
    method, path = address(route, house)

    answer = house.call("owner", method, path, {**(ROWS[route].body or {}), "colour": "red"})

    assert (answer.status, answer.code) == (422, "invalid")
    assert "colour" in answer.paths


BAD_JSON = {
    "no JSON": b"{",
    "twin keys": b'{"name": "A", "name": "B"}',
    "deep twin keys": b'{"name": {"a": {"b": 1, "b": 2}}}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "number without end": b'{"name": 1e999}',
    "long number": b'{"name": ' + b"9" * 5_000 + b"}",
    "depth 33": b'{"name": ' + b"[" * 32 + b"]" * 32 + b"}",
    "depth without end": b'{"name": ' + b"[" * 100_000,
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "NUL": b'{"name": "a\\u0000b"}',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "A"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "A"}',
    "no object": b'["name"]',
    "text": b'"name"',
    "null": b"null",
    "trailing comma": b'{"name": "A",}',
    "two values": b"{}{}",
}


@pytest.mark.parametrize("route", READS_A_BODY)
def test_a_body_has_to_be_strict_json(house: House, route: str) -> None:
    """Interfaces 5: bad bodies are 422, whatever is wrong with them; nothing is changed by any."""
    method, path = address(route, house)
    before = (Project.objects.count(), Workflow.objects.count())
    may_be_left_out = {"null"} if ROWS[route].body is None or route.endswith(("/runs", "/dry-runs")) else set()

    answers = {
        name: house.call("owner", method, path, raw) for name, raw in BAD_JSON.items() if name not in may_be_left_out
    }

    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, 422)
    assert all(answer.body["error"]["message"] for answer in answers.values())
    assert (Project.objects.count(), Workflow.objects.count()) == before


OUT_OF_BOUNDS = (
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=ten",
    "limit=1e3",
    "limit=99999999999999999999999",
    "limit=",
    "cursor=nonsense",
    "cursor=%00",
    "cursor=W10",
    "cursor=bnVsbA",
    "cursor=WyJ4IiwieCJd",
    "cursor=WzEsIDEsIDFd",
    "cursor=e30",
)


@pytest.mark.parametrize("path", sorted(route[4:] for route in ROWS if route.startswith("GET ")))
def test_a_page_out_of_bounds_is_refused(house: House, path: str) -> None:
    """Interfaces 5: limit 1 to 500, cursor takes next; 422 else."""
    whole = address(f"GET {path}", house)[1]

    answers = {query: house.call("owner", "GET", f"{whole}?{query}").status for query in OUT_OF_BOUNDS}

    assert answers == dict.fromkeys(OUT_OF_BOUNDS, 422)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/projects/website/runs", "status=sleeping"),
        ("/projects/website/runs", "since=yesterday"),
        ("/projects/website/runs", "since=999999999999999999"),
        ("/projects/website/gates", "status=shut"),
        ("/runs/{run}/events", "after=-1"),
        ("/runs/{run}/events", "after=x"),
        ("/projects/import", "dry_run=perhaps"),
        ("/projects/website/workflows/Review/runs", "wait=-1"),
        ("/projects/website/workflows/Review/runs", "wait=301"),
        ("/projects/website/workflows/Review/runs", "wait=soon"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(house: House, path: str, query: str) -> None:
    """Interfaces 5: a query value that does not fit is 422, with its place."""
    posts = path.endswith(("/import", "Review/runs"))

    answer = house.call(
        "owner", "POST" if posts else "GET", f"{path.format(run=house.run.pk)}?{query}", {} if posts else None
    )

    assert answer.status == 422
    assert answer.paths == [query.split("=")[0]]


@pytest.mark.parametrize("query", ["workflow=%00", "key=%00", "origin=%00", "workflow=%ED%A0%80", "status="])
def test_strange_characters_in_a_parameter_never_break_anything(house: House, query: str) -> None:
    assert house.call("owner", "GET", f"/projects/website/runs?{query}").status in (200, 422)


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_idempotency_key_has_bounds(house: House, key: str) -> None:
    """Interfaces 5: the header is named in the answer."""
    answer = house.call("owner", "POST", "/projects/website/workflows/Review/runs", {}, Idempotency_Key=key)

    assert answer.status == 422
    assert answer.paths == ["Idempotency-Key"]


def test_a_list_is_read_page_by_page(house: House) -> None:
    """Interfaces 5: cursor takes next."""
    for number in range(5):
        house.call("owner", "POST", "/projects/website/agents", {"name": f"Agent {number}"})
    whole = [item["name"] for item in house.call("owner", "GET", "/projects/website/agents").body["items"]]
    found, cursor = [], ""
    while True:
        page = house.call("owner", "GET", f"/projects/website/agents?limit=3{cursor}").body
        found += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert found == whole
    assert len(found) == 7
