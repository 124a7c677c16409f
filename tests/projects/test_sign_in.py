"""Signing in by password and by link, and what is closed without it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from projects.models import AuditEntry
from projects.tokens import create_login_link
from tests.projects.conftest import People

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    """What is stored of the password; slow to make, as it is meant to be."""
    return make_password(PASSWORD)


@pytest.fixture
def people(people: People, hashed: str) -> People:
    """Ana and Bob have a password."""
    for user in (people.ana, people.bob):
        user.password = hashed
        user.save(update_fields=["password"])
    return people


def _try(client: Client, username: str, password: str, **more: str) -> int:
    return client.post("/login", {"username": username, "password": password, **more}).status_code


@pytest.mark.parametrize("path", ["/", "/approvals", "/p/website", "/no-such-page"])
def test_pages_are_closed_without_signing_in(people: People, path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code in (302, 404)
    assert "Website" not in answer.content.decode()


def test_the_right_password_signs_in_and_is_recorded(people: People) -> None:
    client = Client()

    assert _try(client, "ana", PASSWORD) == 302
    assert client.get("/").status_code == 200
    assert AuditEntry.objects.filter(action="login", actor="ana").exists()


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(people: People) -> None:
    wrong = Client().post("/login", {"username": "ana", "password": "wrong"})
    unknown = Client().post("/login", {"username": "nobody", "password": "wrong"})

    assert wrong.status_code == unknown.status_code == 422
    assert _without(wrong.content.decode(), "ana") == _without(unknown.content.decode(), "nobody")


def _without(page: str, name: str) -> list[str]:
    return [line.replace(name, "") for line in page.splitlines() if "csrf" not in line.lower() and "nonce" not in line]


def test_too_many_wrong_passwords_lock_that_name_at_that_address(people: People) -> None:
    client = Client()
    for _ in range(5):
        _try(client, "ana", "wrong")

    assert _try(client, "ana", PASSWORD) in (422, 429)
    assert client.get("/").status_code == 302
    assert _try(Client(), "bob", PASSWORD) == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "javascript:alert(1)", "/\\evil.example", "http:evil"]
)
def test_signing_in_never_leads_to_another_site(people: People, target: str) -> None:
    answer = Client().post("/login", {"username": "ana", "password": PASSWORD, "next": target})

    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(people: People) -> None:
    answer = Client().post("/login", {"username": "ana", "password": PASSWORD, "next": "/p/website"})

    assert answer["Location"] == "/p/website"


def test_a_link_signs_in_once(people: People) -> None:
    link = f"/login/once/{create_login_link(people.ana)}"
    first, second = Client(), Client()

    assert first.get(link).status_code == 302
    assert first.get("/").status_code == 200
    assert second.get(link).status_code == 410
    assert second.get("/").status_code == 302


def test_signing_out_needs_a_post_and_ends_the_session(people: People) -> None:
    client = Client()
    client.force_login(people.ana, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/").status_code == 302


def test_a_form_without_its_csrf_token_is_refused(people: People) -> None:
    assert _try(Client(enforce_csrf_checks=True), "ana", PASSWORD) == 403


def test_pages_carry_the_security_headers(people: People) -> None:
    headers = Client().get("/login").headers
    policy = headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused(people: People) -> None:
    assert Client().get("/login", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "x" * 10_000, "\ud800"])
def test_a_name_that_no_user_can_have_is_refused_like_any_other(people: People, name: str) -> None:
    body = urlencode({"username": name, "password": "wrong"}, errors="surrogatepass")

    assert Client().generic("POST", "/login", body, "application/x-www-form-urlencoded").status_code == 422
