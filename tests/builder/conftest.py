"""People, projects and a client for the tests of definitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from builder.models import Workflow
from builder.project_file import import_project
from projects.access import Caller, Role
from projects.models import Member, Project
from tests.builder.made import project_file


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any
    text: str
    kind: str

    @property
    def paths(self) -> list[str]:
        """The places of the problems that the answer names."""
        return [detail["path"] for detail in self.body["error"]["details"]]


@dataclass(frozen=True)
class Api:
    """The REST API as one signed-in user."""

    client: Client

    def __call__(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", **headers: str
    ) -> Answer:
        raw = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        response = self.client.generic(method, f"/api/v1{path}", raw or "", content_type=kind, headers=headers)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return Answer(
            status=response.status_code,
            body=json.loads(response.content) if is_json and response.content else None,
            text=response.content.decode(),
            kind=response.headers.get("Content-Type", ""),
        )


def _signed_in(name: str) -> tuple[User, Api]:
    user = User.objects.create_user(name)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user, Api(client)


@pytest.fixture
def ana(db: None) -> Caller:
    """Who owns the projects of these tests."""
    return Caller(user=User.objects.create_user("ana"))


@pytest.fixture
def api(ana: Caller) -> Api:
    """The API as Ana."""
    client = Client()
    client.force_login(ana.user, backend="django.contrib.auth.backends.ModelBackend")
    return Api(client)


@pytest.fixture
def stranger(db: None) -> Api:
    """The API as somebody who belongs to nothing."""
    return _signed_in("stranger")[1]


@pytest.fixture
def viewer(website: Project) -> Api:
    """The API as a member of the project who may only read."""
    user, api = _signed_in("viewer")
    Member.objects.create(project=website, user=user, role=Role.VIEWER)
    return api


@pytest.fixture
def website(ana: Caller) -> Project:
    """A project with two agents and three workflows: Main, with every reference there is, Publish and Report."""
    report = import_project(ana, project_file())
    return Project.objects.get(slug=report.project)


@pytest.fixture
def main(website: Project) -> Workflow:
    """The workflow Main of the project."""
    return Workflow.objects.select_related("project", "current_version").get(project=website, name="Main")


@pytest.fixture
def bob(db: None) -> Caller:
    """Somebody else."""
    return Caller(user=User.objects.create_user("bob"))
