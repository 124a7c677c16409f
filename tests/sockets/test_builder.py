"""The socket of a workflow's pages, over real Redis: who may watch, how edits are told, who else is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.plugin import ROOT
from tests.runs.casting import gated, simple
from tests.runs.play import Play
from tests.sockets.test_watching import frame, opened
from tests.stack import Stack, free_port
from tests.waiting import wait_until

Json = Any
# One process for all: users, and a one-time link for each. "rita" has a full name.
_USERS = """
from django.contrib.auth.models import User
from projects.tokens import create_login_link
for name in ("admin", "rita", "vito", "olga"):
    user, _ = User.objects.get_or_create(username=name)
    if name == "rita":
        user.first_name, user.last_name = "Rita Maria", "Okafor"
        user.save()
    print(create_login_link(user))
"""
NAMES = ("admin", "rita", "vito", "olga")  # owner, editor, viewer, stranger
Watch = Callable[..., ClientConnection]


@contextmanager
def signed_in(stack: Stack) -> Iterator[dict[str, httpx.Client]]:
    """A browser for each of NAMES."""
    made = stack.manage("shell", "-v", "0", "-c", _USERS)
    assert made.returncode == 0, made.stderr
    browsers: dict[str, httpx.Client] = {}
    for name, link in zip(NAMES, made.stdout.split(), strict=True):
        browsers[name] = httpx.Client(base_url=stack.url, trust_env=False, timeout=60)
        assert browsers[name].get(f"/login/once/{link}").status_code in (200, 302)
    yield browsers
    for browser in browsers.values():
        browser.close()


@pytest.fixture(scope="module")
def sessions(stack: Stack) -> Iterator[dict[str, httpx.Client]]:
    """Browsers of the owner, of Rita (who edits), of Vito (who reads) and of Olga (a stranger)."""
    with signed_in(stack) as browsers:
        yield browsers


def shared_project(stack: Stack) -> Play:
    """A project of admin in which Rita edits and Vito reads."""
    one = Play(stack, gated("Review"), simple("Other"))
    one.ok("POST", f"/projects/{one.slug}/members", {"user": "rita", "role": "editor"})
    one.ok("POST", f"/projects/{one.slug}/members", {"user": "vito", "role": "viewer"})
    return one


@pytest.fixture
def project(stack: Stack) -> Play:
    """A project of its own."""
    return shared_project(stack)


def workflow_path(project: Play, name: str = "Review") -> str:
    """The address of a workflow's socket."""
    return f"/ws/workflows/{project.ok('GET', f'/projects/{project.slug}/workflows/{name}')['id']}"


def watch(stack: Stack, path: str, browser: httpx.Client) -> ClientConnection:
    """A socket as this browser opens it."""
    return opened(stack, path, f"sessionid={browser.cookies.get('sessionid', '')}")


@pytest.fixture
def watching(stack: Stack, sessions: dict[str, httpx.Client]) -> Watch:
    """Open a socket as one of NAMES: `watching("rita", path)`."""

    def go(who: str, path: str) -> ClientConnection:
        return watch(stack, path, sessions[who])

    return go


def until(socket: ClientConnection, holds: Callable[[Json], bool], seconds: float = 30) -> Json:
    """The first frame for which something holds; others are passed over."""

    def look() -> Json:
        told = json.loads(socket.recv(timeout=seconds))
        return told if holds(told) else None

    return wait_until(look, seconds)


def who_is_there(told: Json) -> dict[str, str] | None:
    """Names and places of a frame about people."""
    return {person["name"]: person["at"] for person in told["people"]} if "people" in told else None


def edit(project: Play, name: str = "Review") -> None:
    """Change the workflow over the API."""
    before = project.ok("GET", f"/projects/{project.slug}/workflows/{name}")
    text = before["description"] + "+"
    project.ok("PATCH", f"/projects/{project.slug}/workflows/{name}", {"description": text})


def test_a_workflow_is_watched_by_its_members_and_each_edit_is_told(project: Play, watching: Watch) -> None:
    """interfaces.md 7: the newest edit's number first, then a hint after each commit, by whatever way it came."""
    path = workflow_path(project)
    with watching("vito", path) as socket:
        first = until(socket, lambda told: "seq" in told)["seq"]
        edit(project)
        second = until(socket, lambda told: "seq" in told)
        edit(project, "Other")  # is told to its own pages only
        edit(project)
        third = until(socket, lambda told: "seq" in told)

    assert set(second) == {"seq"}
    assert (second["seq"], third["seq"]) == (first + 1, first + 2)


@pytest.mark.parametrize("path", ["{there}", "/ws/workflows/999999999", "/ws/workflows/0", "/ws/workflows/" + "9" * 40])
def test_strangers_get_nothing_and_cannot_tell_what_is_there(project: Play, watching: Watch, path: str) -> None:
    """Rule 12.4: the same answer for what is somebody else's and for what does not exist."""
    with (
        pytest.raises((InvalidStatus, ConnectionClosed)),
        watching("olga", path.format(there=workflow_path(project))) as socket,
    ):
        frame(socket)


@pytest.mark.parametrize("how", ["removed", "signed out"])
def test_who_loses_the_right_is_told_nothing_more_and_seen_no_more(
    project: Play, stack: Stack, sessions: dict[str, httpx.Client], how: str
) -> None:
    """Rule 12.4: the socket is closed with 4403, and the others see them go."""
    path = workflow_path(project)
    with (
        signed_in(stack) as browsers,
        watch(stack, path, browsers["admin"]) as owner,
        watch(stack, path, browsers["rita"]) as socket,
    ):
        until(owner, lambda told: "Rita Maria Okafor" in (who_is_there(told) or {}))
        if how == "removed":
            assert project.api("DELETE", f"/projects/{project.slug}/members/rita").status_code == 204
        else:
            headers = {"X-CSRFToken": browsers["rita"].cookies["csrftoken"], "Origin": stack.url}
            assert browsers["rita"].post("/logout", headers=headers).status_code in (200, 302)
        hints: list[int] = []
        code = wait_until(lambda: edited_until_closed(project, socket, hints), 60)
        edit(project)
        newest = until(owner, lambda told: told.get("seq", 0) > hints[-1])["seq"]
        until(owner, lambda told: who_is_there(told) == {"admin": ""})

    assert code == 4403
    assert newest > hints[-1]  # a look is good for a second; the first edit after it was told to the owner only


def edited_until_closed(project: Play, socket: ClientConnection, hints: list[int]) -> int | None:
    """Edit once; the code with which the server closed the socket, if it did. Numbers told go into `hints`."""
    edit(project)
    try:
        while True:
            told = json.loads(socket.recv(timeout=0.2))
            hints += [told["seq"]] if "seq" in told else []
    except TimeoutError:
        return None
    except ConnectionClosed as closing:
        return closing.rcvd.code if closing.rcvd else -1


def test_a_deleted_workflow_closes_its_pages(project: Play, watching: Watch) -> None:
    """Rule 12.4: nothing of it may stay on a screen."""
    with watching("rita", workflow_path(project)) as socket:
        until(socket, lambda told: "people" in told)
        assert project.api("DELETE", f"/projects/{project.slug}/workflows/Review").status_code == 204
        with pytest.raises(ConnectionClosed) as closing:
            until(socket, lambda told: False)

    assert closing.value.rcvd is not None
    assert closing.value.rcvd.code == 4403


def test_people_see_who_is_there_and_whose_drawer_is_on_what(project: Play, watching: Watch) -> None:
    """ui.md 4.4: two tabs are one person; names, initials and a colour; nobody is shown who has left."""
    path = workflow_path(project)
    with watching("admin", path) as owner:
        assert who_is_there(until(owner, lambda told: "people" in told)) == {"admin": ""}
        with watching("rita", path) as one, watching("rita", path) as two:
            told = until(owner, lambda told: len(told.get("people", ())) == 2)
            rita = told["people"][1]
            assert (rita["name"], rita["initials"], rita["at"]) == ("Rita Maria Okafor", "RO", "")
            assert rita["color"] in range(8)
            assert [person["you"] for person in told["people"]] == [True, False]
            two.send(json.dumps({"at": "stage:12"}))
            until(owner, lambda told: who_is_there(told) == {"admin": "", "Rita Maria Okafor": "stage:12"})
            one.send(json.dumps({"at": "assignment:5"}))
            until(owner, lambda told: who_is_there(told) == {"admin": "", "Rita Maria Okafor": "assignment:5"})
            one.close()
            until(owner, lambda told: who_is_there(told) == {"admin": "", "Rita Maria Okafor": "stage:12"})
            two.send(json.dumps({"at": ""}))
            until(owner, lambda told: who_is_there(told) == {"admin": "", "Rita Maria Okafor": ""})
        until(owner, lambda told: who_is_there(told) == {"admin": ""})


def test_who_only_reads_is_there_but_edits_nothing(project: Play, watching: Watch) -> None:
    """A viewer's drawer is no ring around a card."""
    path = workflow_path(project)
    with watching("admin", path) as owner, watching("vito", path) as viewer:
        viewer.send(json.dumps({"at": "stage:12"}))
        owner.send(json.dumps({"at": "stage:13"}))
        told = until(owner, lambda told: (who_is_there(told) or {}).get("admin") == "stage:13")

    assert who_is_there(told) == {"admin": "stage:13", "vito": ""}


@pytest.mark.parametrize(
    "sent",
    [
        "nonsense",
        "[]",
        '"stage:12"',
        '{"at": 12}',
        '{"at": "<b>x</b>"}',
        '{"at": "stage:012"}',
        '{"at": "stage:12", "do": "delete"}',
        '{"do": "undo"}',
        '{"at": "stage:' + "1" * 300 + '"}',
        "[" * 4_000,
        b"\x00\xff",
    ],
)
def test_what_is_no_place_is_passed_over(project: Play, watching: Watch, sent: str | bytes) -> None:
    """interfaces.md 7: nothing is decided over a socket, and a broken frame breaks nothing."""
    path = workflow_path(project)
    nowhere = {"Rita Maria Okafor": ""}
    with watching("rita", path) as socket:
        until(socket, lambda told: "people" in told)
        socket.send(sent)
        socket.send(json.dumps({"at": "stage:7"}))
        told = until(socket, lambda told: (who_is_there(told) or nowhere) != nowhere)

    assert who_is_there(told) == {"Rita Maria Okafor": "stage:7"}


def test_a_flood_is_refused(project: Play, watching: Watch) -> None:
    """A browser that does not stop sending loses its socket; the others keep theirs."""
    path = workflow_path(project)
    with watching("admin", path) as owner, watching("rita", path) as socket:
        until(owner, lambda told: len(told.get("people", ())) == 2)
        with pytest.raises(ConnectionClosed) as closing:
            for number in range(1, 10_000):
                socket.send(json.dumps({"at": f"stage:{number}"}))
            until(socket, lambda told: False)
        until(owner, lambda told: who_is_there(told) == {"admin": ""})

    assert closing.value.rcvd is not None
    assert closing.value.rcvd.code == 4429


def test_a_frame_that_is_too_large_is_not_even_read(project: Play, watching: Watch) -> None:
    """Whoever sends a megabyte where a place is expected loses the connection; the others keep theirs."""
    path = workflow_path(project)
    with watching("admin", path) as owner, watching("rita", path) as socket:
        until(owner, lambda told: len(told.get("people", ())) == 2)
        with pytest.raises(ConnectionClosed):
            socket.send("x" * 1_000_000)
            until(socket, lambda told: False)
        until(owner, lambda told: who_is_there(told) == {"admin": ""})


def test_a_killed_web_process_leaves_nobody_behind(new_stack: Callable[..., Stack]) -> None:
    """What a process that was killed could not take back goes by itself; who comes back is there once."""
    own = new_stack()
    with signed_in(own) as browsers:
        path = workflow_path(shared_project(own))
        with watch(own, path, browsers["admin"]) as owner, watch(own, path, browsers["rita"]):
            until(owner, lambda told: len(told.get("people", ())) == 2)
            own.kill("web")
            with pytest.raises(ConnectionClosed):
                until(owner, lambda told: False)
        wait_until(lambda: answers(own), 60)
        with watch(own, path, browsers["admin"]) as owner:
            until(owner, lambda told: who_is_there(told) == {"admin": ""}, 60)


def answers(stack: Stack) -> bool:
    """Whether the web process is up again."""
    try:
        return stack.client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_without_redis_an_edit_is_logged_as_untold_and_no_more(stack: Stack) -> None:
    """A hint is lost, never the edit: nothing is raised, and nothing waits for long."""
    code = "from builder.rings import edited; edited(1, 2)"
    made = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", code],
        cwd=ROOT,
        env={**stack.env, "REDIS_URL": f"redis://127.0.0.1:{free_port()}"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert made.returncode == 0, made.stderr
    assert "open pages were not told" in made.stdout + made.stderr


def test_an_edit_by_a_command_is_told_too(project: Play, stack: Stack, watching: Watch) -> None:
    """ui.md 4.4: a process that ends right after its commit has told it before."""
    path = workflow_path(project)
    number = path.rpartition("/")[2]
    code = f"from builder.rings import edited; edited({number}, 4711)"
    with watching("admin", path) as socket:
        until(socket, lambda told: "seq" in told)
        made = stack.manage("shell", "-v", "0", "-c", code)
        assert made.returncode == 0, made.stderr
        until(socket, lambda told: told == {"seq": 4711})
