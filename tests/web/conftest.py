"""A project with everything that pages show, and a browser's client for each role in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoDbBlocker

from builder.models import Assignment, Stage, Workflow
from builder.project_file import import_project
from builder.reading import read_workflow
from builder.spec import AssignmentSpec, StageSpec
from projects.access import Caller, Role
from projects.models import Member, Project
from runs.advance import claim
from runs.effects.agent_turn import carry_out
from runs.models import Gate, WorkflowRun
from runs.operations import Start, start_run
from tests.made_once import made_once
from tests.web.forms import Answer

HTMX = {"HX-Request": "true"}
ROLES = ("viewer", "operator", "editor", "owner")


def _routed(name: str, target: str) -> dict[str, Any]:
    route = {"workflow": target, "continue_at": "end"}
    return {"name": name, "stages": [{"name": "Go", "outcomes": ["on"], "routes": {"on": route}}]}


FILE: dict[str, Any] = {
    "format": "baton/1",
    "project": {"name": "Website", "default_model": "scripted"},
    "agents": [
        {"name": "Ada", "role": "Writer", "perspective": "You are brief.", "script": [{"say": "Looked."}]},
        {"name": "Ben", "script": [{"say": "Done."}]},
    ],
    "workflows": [
        {
            "name": "Review",
            "description": "Looks, and asks.",
            "stages": [
                {"name": "Draft", "task": "Write.", "assignments": [{"agent": "Ben"}]},
                {
                    "name": "Look",
                    "task": "Check every claim.",
                    "assignments": [
                        {
                            "agent": "Ada",
                            "directive": "Be strict.",
                            "capabilities": ["trigger_workflows"],
                            "allowed_workflows": ["Publish"],
                            "share": ["title", "draft"],
                        },
                        {"agent": "Ben"},
                    ],
                    "outcomes": ["approve", "reject", "revise"],
                    "default_outcome": "reject",
                    "routes": {
                        "approve": {
                            "workflow": "Publish",
                            "input": {"title": "{{results.title}}"},
                            "continue_at": "end",
                            "timeout": 600,
                        },
                        "reject": {"stage": "Archive"},
                        "revise": {"stage": "Draft"},
                    },
                    "exit_hooks": [
                        {
                            "kind": "approval",
                            "name": "Sign off",
                            "message": "Fine?",
                            "options": {"Yes": "approve", "No": "reject", "Again": "revise"},
                            "channels": ["inbox", "telegram"],
                            "deadline": {"after": 86400, "outcome": "reject"},
                        }
                    ],
                },
                {"name": "Archive"},
            ],
        },
        {"name": "Publish", "stages": [{"name": "Out"}]},
        {
            "name": "Typed",
            "description": "Takes an object.",
            "input_schema": {
                "type": "object",
                "required": ["title", "count"],
                "properties": {
                    "title": {"type": "string", "title": "Headline", "description": "What it is called."},
                    "count": {"type": "integer", "minimum": 1, "maximum": 9},
                    "rate": {"type": "number", "default": 0.5},
                    "tone": {"enum": ["calm", "loud", 3]},
                    "urgent": {"type": "boolean", "default": True},
                    "options": {"type": "object", "properties": {"deep": {"type": "boolean"}}},
                    "tags": {"$ref": "#/$defs/tags"},
                },
                "$defs": {"tags": {"type": "array", "items": {"type": "string"}}},
            },
            "stages": [{"name": "Only"}],
        },
        _routed("Deep 2", "Deep 3"),
        _routed("Deep 3", "Publish"),
    ],
}


@dataclass(frozen=True)
class Site:
    """The project, its parts by name, and everybody's browser."""

    project: Project
    run: WorkflowRun
    gate: Gate
    clients: Mapping[str, Client]

    def client(self, who: str) -> Client:
        """The browser of a member by role, of `stranger`, or of `nobody`, who is not signed in."""
        return self.clients[who]

    def workflow(self, name: str) -> Workflow:
        """A workflow as it is stored."""
        return Workflow.objects.select_related("project").get(project=self.project, name=name)

    def stage(self, name: str = "Look", workflow: str = "Review") -> Stage:
        """A stage as it is stored."""
        return Stage.objects.get(workflow__project=self.project, workflow__name=workflow, name=name)

    def assignment(self, agent: str = "Ada", stage: str = "Look") -> Assignment:
        """An assignment of the workflow Review as it is stored."""
        return Assignment.objects.get(stage=self.stage(stage), agent__name=agent)

    def spec(self, stage: str = "Look", workflow: str = "Review") -> StageSpec:
        """What a stage means now."""
        return next(item for item in read_workflow(self.workflow(workflow).pk).stages if item.name == stage)

    def assigned(self, agent: str = "Ada", stage: str = "Look") -> AssignmentSpec:
        """What an assignment of the workflow Review means now."""
        return next(item for item in self.spec(stage).assignments if item.agent == agent)


def text_of(response: Answer) -> str:
    """A page as its reader sees it: without markup, in single spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.content.decode())))


@dataclass(frozen=True)
class _Made:
    """What `site` is read from: made once, and found by every test as it was made."""

    project: int
    run: Any
    gate: Any
    cookies: Mapping[str, str]  # who -> their session's cookie


def _cookie(user: User | None) -> str:
    if user is None:
        return ""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _client(cookie: str, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    if cookie:
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return client


def _make() -> _Made:
    owner = User.objects.create_user("owner")
    project = Project.objects.get(slug=import_project(Caller(owner), FILE).project)
    users: dict[str, User | None] = {"owner": owner, "nobody": None, "stranger": User.objects.create_user("stranger")}
    for role in ("viewer", "operator", "editor"):
        users[role] = user = User.objects.create_user(role)
        Member.objects.create(project=project, user=user, role=Role(role))
    run, _ = start_run(Workflow.objects.get(project=project, name="Review"), "Go.", Start("manual", owner.pk))
    outcome = claim(run.pk)
    while outcome is not None and outcome.step is not None:  # the worker's loop, without its threads
        outcome = carry_out(outcome.step)
    gate = Gate.objects.get(run_id=run.pk)
    return _Made(project.pk, run.pk, gate.pk, {name: _cookie(user) for name, user in users.items()})


@pytest.fixture(scope="package")
def _made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[_Made]:
    """The project, made once for this folder."""
    with made_once(_make, django_db_blocker) as made:
        yield made


@pytest.fixture
def site(_made: _Made, db: None) -> Site:
    """The project Website; its workflow Review waits for a person, in its run #1."""
    clients = {name: _client(cookie) for name, cookie in _made.cookies.items()}
    return Site(
        project=Project.objects.get(pk=_made.project),
        run=WorkflowRun.objects.get(pk=_made.run),
        gate=Gate.objects.get(pk=_made.gate),
        clients=clients | {"careful": _client(_made.cookies["owner"], csrf=True)},
    )
