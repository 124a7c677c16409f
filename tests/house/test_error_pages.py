"""Refusals as pages, and as messages where only a part of a page was asked for."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from config.middleware import ErrorPages
from projects.errors import BatonError, Conflict, Forbidden, NotFound


@pytest.mark.parametrize("error", [NotFound("Nothing."), Forbidden("No."), Conflict("It is open, not done.")])
def test_a_refusal_is_a_page_with_its_status(error: BatonError) -> None:
    answer = ErrorPages(lambda _: None).process_exception(RequestFactory().get("/"), error)  # type: ignore[arg-type]

    assert answer is not None
    assert answer.status_code == error.status
    assert b"<main" in answer.content


def test_a_part_of_a_page_stays_and_a_message_says_why() -> None:
    request = RequestFactory().post("/", headers={"HX-Request": "true"})
    answer = ErrorPages(lambda _: None).process_exception(request, Conflict("It is open."))  # type: ignore[arg-type]

    assert answer is not None
    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
    assert json.loads(answer["HX-Trigger"]) == {"toast": {"text": "It is open.", "tone": "error"}}
    assert not answer.content
