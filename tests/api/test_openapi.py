"""The OpenAPI document, its page, and calls made up from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import Request
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.api import api
from tests.api.conftest import House, call
from tests.api.routes import ROWS, address


def _operation(found: Any) -> Any:
    """An operation of the document; raises when the document is wrong there."""
    return found.ok()


DOCUMENT: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: dict[str, Any] = {operation.label: operation for operation in map(_operation, SCHEMA.get_all_operations())}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_document_is_served_to_everybody_and_holds_every_call() -> None:
    """Interfaces 5: OpenAPI at /api/v1/openapi.json."""
    served = call(Client(), "GET", "/openapi.json")

    assert served.status == 200
    assert served.body["openapi"].startswith("3.")
    assert sorted(
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in served.body["paths"].items()
        for method in methods
    ) == sorted(route.replace("{int:", "{") for route in ROWS)


def test_every_call_is_described_and_declares_how_it_may_fail() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            told = f"{method} {path}"
            assert operation["summary"] and operation["description"], told
            assert operation["security"], told
            assert {"401", "403", "404", "409", "413", "422"} <= {str(code) for code in operation["responses"]}, told


@pytest.mark.django_db
def test_the_page_of_the_document_loads_nothing_from_elsewhere() -> None:
    """Interfaces 5: browsable at /api/v1/docs."""
    page = Client().get("/api/v1/docs")
    text = page.content.decode()

    assert page.status_code == 200
    assert re.findall(r"https?://", text) == []
    assert re.findall(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))", text) == []
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for place in re.findall(r"(?:src|href)=\"([^\"]+)\"", text):
        assert Client().head(place).status_code == 200, place


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_made_up_calls_are_answered_as_the_document_says(house: House, label: str) -> None:
    """Whatever is sent, the answer has a declared status and shape, and nothing breaks."""
    operation = OPERATIONS[label]

    @given(case=operation.as_strategy(), fitting=st.booleans())
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def play(case: Any, fitting: bool) -> None:
        if fitting:  # so that a part of them gets past the first look-up
            case.path_parameters = _names(case.path_parameters or {}, house)
        if case.query and "wait" in case.query:
            case.query["wait"] = 0
        with transaction.atomic():
            answer = _send(case, house.tokens["owner"])
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)

    play()


def _names(parameters: dict[str, Any], house: House) -> dict[str, Any]:
    return {name: address(f"GET {{{name}}}", house)[1] if name != "number" else 1 for name in parameters}


def _send(case: Any, token: str) -> Response:
    """The made-up call, through the test client: it stays in the transaction of the test."""
    request = Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {name: str(value) for name, value in request.headers.items()} | {"Authorization": f"Bearer {token}"}
    kind = headers.pop("Content-Type", "application/json")
    body: Any = request.body or b""
    answer = Client().generic(request.method or "", request.path_url, body, kind, headers=headers)
    told = {name.lower(): [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, told, answer.content, request, 0.0, verify=False)
