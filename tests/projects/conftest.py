"""Ana owns the project Website; Bob operates it; Eve is a stranger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from projects.access import Caller
from projects.models import Member, Project
from projects.operations import create_project
from projects.tokens import create_token


@dataclass(frozen=True)
class People:
    """The cast."""

    ana: User
    bob: User
    eve: User
    website: Project


@pytest.fixture
def people(db: None) -> People:
    """A project with an owner and an operator, and somebody else."""
    ana, bob, eve = (User.objects.create_user(name) for name in ("ana", "bob", "eve"))
    website = create_project(Caller(ana), "Website")
    Member.objects.create(project=website, user=bob, role="operator")
    return People(ana, bob, eve, website)


Api = Callable[..., Any]


@pytest.fixture
def api(people: People) -> Api:
    """Call the REST API as one of the cast, or with a token: `api("bob", "POST", "/projects", {...})`."""
    tokens: dict[str, str] = {}

    def call(who: str, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if who and who not in tokens:
            tokens[who] = create_token(getattr(people, who)).text if hasattr(people, who) else who
        if who:
            options["headers"] = {"Authorization": f"Bearer {tokens[who]}", **options.get("headers", {})}
        if body is not None:
            options.update(data=body, content_type="application/json")
        return Client().generic(method, f"/api/v1{path}", **_encoded(options))

    return call


def _encoded(options: dict[str, Any]) -> dict[str, Any]:
    import json

    data = options.get("data", b"")
    return {**options, "data": data if isinstance(data, bytes) else json.dumps(data).encode()}
