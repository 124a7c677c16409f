"""What benchmarks/run_page.py starts beside a running Baton, on its database; answers one line of JSON.

`tabs RUN`: what each tab costs. `sign_in RUN COUNT`: sessions of so many members. `write RUN COUNT PAUSE`: events.
"""

# ruff: noqa: E402 - Django is set up before models are imported

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any
from uuid import UUID

import django

# Before the models below are imported.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from projects.access import Role
from projects.models import Member
from runs.control import send_message
from runs.models import WorkflowRun
from runs.pages.run_page import TABS

Json = Any
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_ROUNDS = 15


def _client(user: User) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend=_BACKEND)
    return client


def tabs(run_id: str) -> Json:
    """Milliseconds and queries of each tab, and of catching up by one event."""
    run = WorkflowRun.objects.get(pk=run_id)
    client = _client(User.objects.get(username="admin"))
    pages = {label: f"/r/{run_id}?tab={name}" for name, label in TABS.items()}
    pages["Catching up by one event"] = f"/r/{run_id}/sync?since={run.seq - 1}"
    return {name: _cost(client, address) for name, address in pages.items()}


def _cost(client: Client, address: str) -> Json:
    asked = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        assert client.get(address).status_code == 200
    taken = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        client.get(address)
        taken.append((time.perf_counter() - begun) * 1000)
    return {"ms": statistics.median(taken), "queries": len(asked)}


def sign_in(run_id: str, count: int) -> list[str]:
    """Session keys of so many members, viewers and operators by turns."""
    project = WorkflowRun.objects.get(pk=run_id).project
    keys = []
    for number in range(count):
        user, _ = User.objects.get_or_create(username=f"viewer-{number}")
        role = Role.OPERATOR if number % 2 else Role.VIEWER
        Member.objects.update_or_create(project=project, user=user, defaults={"role": role.value})
        keys.append(_client(user).cookies[settings.SESSION_COOKIE_NAME].value)
    return keys


def write(run_id: str, count: int, pause: float) -> list[tuple[int, float]]:
    """Events one by one: the number of each, and the time right after its commit."""
    send_message(UUID(run_id), "Warm.", by="bench")
    print("ready", flush=True)
    sys.stdin.readline()
    written = []
    for number in range(count):
        send_message(UUID(run_id), f"Message {number}.", by="bench")
        at = time.time()
        written.append((WorkflowRun.objects.values_list("seq", flat=True).get(pk=run_id), at))
        time.sleep(pause)
    return written


def main() -> None:
    """Do what is asked, and answer."""
    match sys.argv[1:]:
        case ["tabs", run]:
            answer: Json = tabs(run)
        case ["sign_in", run, count]:
            answer = sign_in(run, int(count))
        case ["write", run, count, pause]:
            answer = write(run, int(count), float(pause))
        case other:
            raise SystemExit(f"Expected tabs, sign_in or write, got {other}.")
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
