"""Who may not see a project gets nothing over a socket, and loses the open one when the right is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.runs.casting import gated, say, simple
from tests.runs.play import Play
from tests.sockets.test_watching import frame, opened
from tests.stack import Stack

Json = Any
# One process for all: users, and a one-time link for each.
_USERS = """
from django.contrib.auth.models import User
from projects.tokens import create_login_link
for name in ("admin", "vera", "stan"):
    user, _ = User.objects.get_or_create(username=name)
    print(create_login_link(user))
"""


@pytest.fixture(scope="module")
def sessions(stack: Stack) -> Iterator[dict[str, httpx.Client]]:
    """Browsers of admin, of Vera (who watches) and of Stan (a stranger)."""
    made = stack.manage("shell", "-v", "0", "-c", _USERS)
    assert made.returncode == 0, made.stderr
    browsers: dict[str, httpx.Client] = {}
    for name, link in zip(("admin", "vera", "stan"), made.stdout.split(), strict=True):
        browsers[name] = httpx.Client(base_url=stack.url, trust_env=False, timeout=60)
        assert browsers[name].get(f"/login/once/{link}").status_code in (200, 302)
    yield browsers
    for browser in browsers.values():
        browser.close()


@pytest.fixture
def project(stack: Stack) -> Play:
    """A project that Vera may read, with a workflow that waits and one that does not."""
    one = Play(stack, gated("Slow"), simple("Quick", say("Done.")))
    one.ok("POST", f"/projects/{one.slug}/members", {"user": "vera", "role": "viewer"})
    return one


def _watch(stack: Stack, path: str, browser: httpx.Client) -> ClientConnection:
    return opened(stack, path, f"sessionid={browser.cookies.get('sessionid', '')}")


def _until_closed(project: Play, run: Json, socket: ClientConnection) -> int | None:
    """Let things happen in a run until the server closes the socket; the code with which it does."""
    for _ in range(100):
        project.control(run, "pause")
        project.control(run, "resume")
        try:
            while True:
                socket.recv(timeout=0.1)
        except TimeoutError:
            continue
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
    return None


def _refused(stack: Stack, path: str, browser: httpx.Client) -> bool:
    """Whether a socket is not opened, or closed before anything is said."""
    try:
        with _watch(stack, path, browser) as socket:
            socket.recv(timeout=45)
    except (InvalidStatus, ConnectionClosed):
        return True
    return False


def test_a_project_is_watched_by_its_members(project: Play, stack: Stack, sessions: dict[str, httpx.Client]) -> None:
    """Rule 12.1, interfaces 7: hints name the run and its last event, each after its commit."""
    with _watch(stack, f"/ws/projects/{project.slug}", sessions["vera"]) as socket:
        assert frame(socket) == {"seq": 0}
        run = project.completed("Quick")
        hints = [frame(socket)]
        while hints[-1]["seq"] < len(project.events(run)):
            hints.append(frame(socket))

    assert {hint["run"] for hint in hints} == {run["id"]}
    assert [hint["seq"] for hint in hints] == sorted({hint["seq"] for hint in hints})


def test_what_a_hint_names_can_be_read_at_once(project: Play, stack: Stack, sessions: dict[str, httpx.Client]) -> None:
    """Rule 12.1: a hint comes after the commit, and holds nothing of the run but its number."""
    run = project.until_waiting(project.start("Slow"))
    with _watch(stack, f"/ws/runs/{run['id']}", sessions["vera"]) as socket:
        seq = frame(socket)["seq"]
        assert project.events(run)[-1]["seq"] == seq
        project.decide(run, "Yes")
        hint = frame(socket)

    assert set(hint) == {"seq", "run"}
    assert hint["seq"] > seq
    assert len(project.events(run)) >= hint["seq"]


@pytest.mark.parametrize("path", ["/ws/runs/{run}", "/ws/projects/{slug}"])
def test_strangers_are_refused_and_cannot_tell_what_is_there(
    project: Play, stack: Stack, sessions: dict[str, httpx.Client], path: str
) -> None:
    """Rule 12.4: a signed-in stranger, for what is there and for what is not."""
    run = project.start("Quick")
    there = path.format(run=run["id"], slug=project.slug)
    missing = path.format(run="00000000-0000-4000-8000-000000000000", slug="no-such-project")

    assert _refused(stack, there, sessions["stan"])
    assert _refused(stack, missing, sessions["stan"])
    assert _refused(stack, missing, sessions["admin"])
    assert _refused(stack, path.format(run="no-id", slug="%20"), sessions["admin"])


@pytest.mark.parametrize("path", ["/ws/runs/{run}", "/ws/projects/{slug}"])
def test_who_is_removed_from_a_project_loses_the_open_socket(
    project: Play, stack: Stack, sessions: dict[str, httpx.Client], path: str
) -> None:
    """Rule 12.4: and is told of no event that comes after."""
    run = project.until_waiting(project.start("Slow"))
    with _watch(stack, path.format(run=run["id"], slug=project.slug), sessions["vera"]) as socket:
        seq = frame(socket)["seq"]
        assert project.api("DELETE", f"/projects/{project.slug}/members/vera").status_code == 204
        code = _until_closed(project, run, socket)

    assert code == 4403
    assert seq >= 0
    assert _refused(stack, path.format(run=run["id"], slug=project.slug), sessions["vera"])


def test_who_signs_out_loses_the_open_socket(project: Play, stack: Stack, sessions: dict[str, httpx.Client]) -> None:
    """Rule 12.4: the session is what a socket stands on."""
    run = project.until_waiting(project.start("Slow"))
    browser = sessions["vera"]
    with _watch(stack, f"/ws/runs/{run['id']}", browser) as socket:
        frame(socket)
        headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Origin": stack.url}
        assert browser.post("/logout", headers=headers).status_code in (200, 302)
        assert _until_closed(project, run, socket) == 4403
