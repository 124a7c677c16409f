"""Approval links over the API: made for one person, listed without their addresses, withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Gate
from tests.api.conftest import House


def test_a_link_is_made_listed_used_and_withdrawn(house: House) -> None:
    """Issue 4, item 5: the answer to the making alone has the address, which nobody has to be signed in for."""
    links = f"/gates/{house.gate.pk}/links"
    Gate.objects.filter(pk=house.gate.pk).update(deadline=timezone.now() + timedelta(hours=1))
    made = house.call("operator", "POST", links, {"user": "editor"})
    assert made.status == 201
    assert (made.body["user"], made.body["made_by"], made.body["status"]) == ("editor", "operator", "open")
    assert made.body["expires"] == house.call("operator", "GET", f"/gates/{house.gate.pk}").body["deadline"]
    found = re.fullmatch(r"http://testserver(/a/[\w-]{43})", made.body["url"])
    assert found is not None
    assert Client().get(found[1]).status_code == 200

    with CaptureQueriesContext(connection) as few:
        listed = house.call("operator", "GET", links).body["items"]
    assert [(item["user"], "url" in item) for item in listed] == [("owner", False), ("editor", False)]
    house.call("owner", "POST", links, {"user": "operator"})
    with CaptureQueriesContext(connection) as more:
        assert len(house.call("operator", "GET", links).body["items"]) == 3
    assert len(few) == len(more)

    assert house.call("operator", "DELETE", f"{links}/{made.body['id']}").status == 204
    assert house.call("operator", "DELETE", f"{links}/{made.body['id']}").status == 409
    assert house.call("operator", "DELETE", f"{links}/{10**30}").status == 404
    assert house.call("operator", "DELETE", f"/gates/{house.run.pk}/links/{house.link.pk}").status == 404
    assert Client().get(found[1]).status_code == 410


def test_a_link_for_whoever_may_not_answer_is_refused(house: House) -> None:
    """Interfaces 5: 422 with the place; 409 once the gate is decided, with who was first."""
    links = f"/gates/{house.gate.pk}/links"
    for user in ("viewer", "stranger", "nobody", "", "\u202eowner", "x" * 5_000):
        refused = house.call("owner", "POST", links, {"user": user})
        assert (refused.status, refused.body["error"]["details"][0]["path"]) == (422, "user")
    for body in ({}, {"user": None}, {"user": "owner", "days": 3}):
        assert house.call("owner", "POST", links, body).status == 422
    assert house.call("operator", "POST", f"/gates/{house.gate.pk}/answer", {"option": "Yes"}).status == 200
    late = house.call("owner", "POST", links, {"user": "owner"})
    assert (late.status, "Already answered by operator: Yes" in late.body["error"]["message"]) == (409, True)
