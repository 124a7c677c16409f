"""`manage.py up` as a newcomer meets it: it starts everything, keeps it running and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.plugin import ROOT
from tests.stack import Stack, alive
from tests.waiting import wait_until

pytestmark = pytest.mark.faults
ROLES = ("web", "worker", "scheduler", "redis")


@pytest.fixture(scope="module")
def shared() -> Iterator[Stack]:
    running = Stack(from_nothing=True)
    yield running.start()
    running.stop()


def _everything(stack: Stack) -> list[int]:
    assert stack.process is not None
    return [stack.process.pid, *(pid for role in ROLES for pid in stack.pids(role))]


def _all_gone(pids: list[int]) -> bool:
    return not any(alive(pid) for pid in pids)


def test_one_line_with_a_login_link_is_printed_and_the_link_signs_in_once(shared: Stack) -> None:
    lines = (shared.data / "out.log").read_text().splitlines()

    assert lines == [f"Baton is ready: {shared.link}"]
    with httpx.Client(trust_env=False) as first, httpx.Client(trust_env=False) as second:
        assert first.get(shared.link, follow_redirects=True).status_code == 200
        assert first.get(f"{shared.url}/").status_code == 200
        assert second.get(shared.link).status_code == 410
        assert second.get(f"{shared.url}/").status_code == 302


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_started_again(shared: Stack, role: str) -> None:
    """Interfaces 1: one that dies is started again, and goes on."""
    killed = shared.kill(role)
    assert len(killed) == 1

    wait_until(lambda: set(shared.pids(role)) - set(killed), 90, f"a new {role}")
    wait_until(lambda: _is_ready(shared), 60, "readyz")


def _is_ready(stack: Stack) -> bool:
    try:
        return stack.client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_any_command_with_the_same_data_folder_finds_the_running_stack(shared: Stack) -> None:
    """Interfaces 1: its database, keys and Redis."""
    assert shared.api("GET", "/projects").json() == {"items": [], "next": None}
    asked = (
        "from django.conf import settings; from redis import Redis; print(Redis.from_url(settings.REDIS_URL).ping())"
    )
    assert shared.manage("shell", "-v", "0", "-c", asked).stdout.strip() == "True"


def test_a_second_up_on_the_same_data_folder_is_refused(shared: Stack) -> None:
    second = shared.manage("up", "--no-demo", "--port", "1")

    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert str(shared.data) in second.stderr
    assert shared.client.get("/healthz").status_code == 200


def test_a_signal_ends_everything_and_soon(shared: Stack) -> None:
    """Children that did not hear would be waited for, one after the other, 8 s each. How it goes on after a signal that
    nobody hears, `kill -9`, is shown with work under way: tests/faults/test_processes.py."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        if number != signal.SIGTERM:
            shared.begin()
        pids = _everything(shared)
        assert len(pids) == 5
        assert shared.process is not None

        shared.process.send_signal(number)

        assert shared.process.wait(30) == 0
        assert _all_gone(pids)


def test_a_killed_make_leaves_no_process() -> None:
    """Below make (MAKELEVEL is set) the supervisor ends with the process that started it."""
    stack = Stack(env={"MAKELEVEL": "1"})
    script = (
        "import subprocess, sys\n"
        f"subprocess.Popen([sys.executable, {str(ROOT / 'manage.py')!r}, 'up', '--no-demo']).wait()\n"
    )
    with (stack.data / "out.log").open("wb") as out:
        stack.process = subprocess.Popen([sys.executable, "-c", script], env=stack.env, cwd=ROOT, stdout=out)
    try:
        wait_until(stack._printed_link, 90, "the login link")
        table = subprocess.run(["ps", "-axwwo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        children = {int(pid): int(ppid) for pid, ppid in (line.split() for line in table.splitlines())}
        supervisor = next(pid for pid, ppid in children.items() if ppid == stack.process.pid)
        pids = [supervisor, *(pid for pid, ppid in children.items() if ppid == supervisor)]
        assert len(pids) == 5

        stack.process.kill()
        stack.process.wait()

        wait_until(lambda: _all_gone(pids), 60, "no process left")
    finally:
        stack.stop()


def _refused(stack: Stack, *args: str, **env: str) -> str:
    """The one line on standard error with which `up` refuses to start."""
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--no-demo", *args]
    done = subprocess.run(command, env={**stack.env, **env}, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_port_in_use_is_named() -> None:
    stack = Stack()
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.port))
        other.listen()
        assert f"PORT: {stack.port}" in _refused(stack)
    stack.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("DATABASE_URL", "postgres://baton@127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
        ("FIELD_KEYS", "too short"),
        ("BATON_DATA", "/dev/null/baton"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(name: str, value: str) -> None:
    """Interfaces 8: a wrong value stops the start with its name."""
    stack = Stack()
    assert _refused(stack, **{name: value}).startswith(f"{name}: ")
    stack.stop()


def test_production_makes_no_keys_of_its_own() -> None:
    stack = Stack()
    assert _refused(stack, BATON_ENV="production").startswith("SECRET_KEY: ")
    stack.stop()
