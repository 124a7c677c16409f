"""A project with a member of each role, a run that waits at a gate, and a caller of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from builder.models import Workflow
from builder.project_file import import_project
from projects.access import Caller, Role
from projects.models import Member, Project
from projects.operations import create_project
from projects.tokens import create_token, revoke_token
from runs.advance import claim
from runs.effects.agent_turn import carry_out
from runs.links import create_link
from runs.models import AgentRun, ApprovalLink, Gate, WorkflowRun
from runs.operations import Start, start_run
from tests.made_once import made_once

FILE: dict[str, Any] = {
    "format": "baton/1",
    "project": {"name": "Website", "default_model": "scripted"},
    "agents": [{"name": "Ada", "script": [{"say": "Looked."}]}, {"name": "Ben"}],
    "workflows": [
        {
            "name": "Review",
            "stages": [
                {
                    "name": "Look",
                    "assignments": [{"agent": "Ada"}],
                    "outcomes": ["approve", "reject"],
                    "exit_hooks": [
                        {
                            "kind": "approval",
                            "name": "Sign off",
                            "message": "Fine?",
                            "options": {"Yes": "approve", "No": "reject"},
                        }
                    ],
                }
            ],
        },
        {
            "name": "Typed",
            "input_schema": {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]},
            "stages": [{"name": "Only"}],
        },
    ],
}


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.body["error"]["code"])

    @property
    def paths(self) -> list[str]:
        """The places of the problems that an error names."""
        return [detail["path"] for detail in self.body["error"]["details"]]


@dataclass(frozen=True)
class House:
    """What the tests talk about, and the tokens of everybody in it by what they are."""

    project: Project
    run: WorkflowRun
    gate: Gate
    agent_run: AgentRun
    link: ApprovalLink  # of the gate, for the owner
    spare_token: str  # the public id of a token of the project
    tokens: Mapping[str, str]

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call the API as somebody, by a bearer token; as nobody when `who` is empty."""
        if who:
            headers = {"Authorization": f"Bearer {self.tokens[who]}", **headers}
        return call(Client(), method, path, body, **headers)


def call(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Send one request to the API; text and bytes go as they are, all else as JSON."""
    raw = body if isinstance(body, str | bytes) else b"" if body is None else json.dumps(body)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = sent.pop("Content-Type", "application/json")
    response = client.generic(method, f"/api/v1{path}", raw, content_type=kind, headers=sent)
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    parsed = json.loads(response.content) if is_json and response.content else None
    return Answer(response.status_code, parsed, dict(response.headers))


def _tokens(project: Project) -> dict[str, str]:
    """A token of each kind: a member of each role, narrowed ones of the owner, and those that open nothing."""
    owner = User.objects.get(username="owner")
    for role in ("viewer", "operator", "editor"):
        Member.objects.create(project=project, user=User.objects.create_user(role), role=Role(role))
    users = {name: User.objects.get(username=name) for name in ("viewer", "operator", "editor", "owner")}
    other = create_project(Caller(owner), "Other")
    revoked = create_token(owner)
    revoke_token(revoked.row)
    gone = User.objects.create_user("gone", is_active=False)
    Member.objects.create(project=project, user=gone, role=Role.OWNER)
    return {
        **{name: create_token(user).text for name, user in users.items()},
        "stranger": create_token(User.objects.create_user("stranger")).text,
        "bound": create_token(owner, project=project).text,
        "elsewhere": create_token(owner, project=other).text,
        "read only": create_token(owner, scopes=["read"]).text,
        "run only": create_token(owner, scopes=["run"]).text,
        "revoked": revoked.text,
        "expired": create_token(owner, expires_at=timezone.now() - timedelta(seconds=1)).text,
        "switched off": create_token(gone).text,
        "unknown": "baton_0123456789ab_" + "x" * 43,
    }


@dataclass(frozen=True)
class _Made:
    """What `house` is read from: made once, and found by every test as it was made."""

    project: int
    run: Any
    gate: Any
    agent_run: Any
    link: Any
    spare_token: str
    tokens: Mapping[str, str]


def _make() -> _Made:
    owner = User.objects.create_user("owner")
    project = Project.objects.get(slug=import_project(Caller(owner), FILE).project)
    run, _ = start_run(Workflow.objects.get(project=project, name="Review"), "Go.", Start("api", owner.pk))
    outcome = claim(run.pk)
    while outcome is not None and outcome.step is not None:  # the worker's loop, without its threads
        outcome = carry_out(outcome.step)
    gate = Gate.objects.get(run=run)
    return _Made(
        project=project.pk,
        run=run.pk,
        gate=gate.pk,
        agent_run=AgentRun.objects.get(run=run).pk,
        link=create_link(Caller(owner), gate, "owner").row.pk,
        spare_token=create_token(owner, project=project).row.public_id,
        tokens=_tokens(project),
    )


@pytest.fixture(scope="package")
def _made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[_Made]:
    """The project, made once for this folder."""
    with made_once(_make, django_db_blocker) as made:
        yield made


@pytest.fixture
def house(_made: _Made, db: None) -> House:
    """The project Website as it stands when its run waits for a person."""
    return House(
        project=Project.objects.get(pk=_made.project),
        run=WorkflowRun.objects.get(pk=_made.run),
        gate=Gate.objects.get(pk=_made.gate),
        agent_run=AgentRun.objects.get(pk=_made.agent_run),
        link=ApprovalLink.objects.get(pk=_made.link),
        spare_token=_made.spare_token,
        tokens=_made.tokens,
    )
