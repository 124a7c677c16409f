"""Processes die, stop and lose their Redis under load, and no run notices (behaviour.md 1.7, 11.1, 11.3)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis.exceptions import RedisError

from tests.faults.rig import PATIENCE, Rig, Told, insist, until_over
from tests.runs.play import Play
from tests.stack import alive
from tests.waiting import wait_until

pytestmark = pytest.mark.faults
Json = Any
RUNS = 20


@pytest.fixture
def clean(rig: Rig, stories: Play) -> Told:
    """What a run of the family tells when nobody dies."""
    rig.plan()
    return Told.of(stories, until_over(stories, stories.start("Family")))


def _load(play: Play) -> list[Json]:
    path = f"/projects/{play.slug}/workflows/Family/runs/batch"
    started: list[Json] = play.ok("POST", path, {"inputs": [""] * RUNS})["items"]
    return started


def _as_if_nothing_was(rig: Rig, play: Play, runs: list[Json], clean: Told) -> None:
    ended = [until_over(play, run) for run in runs]
    rig.until_well()
    rig.check()
    assert [Told.of(play, run) for run in ended] == [clean] * len(runs)


def _some_are_over(play: Play, runs: list[Json], count: int) -> Callable[[], bool]:
    """Whether the load is well under way."""

    def look() -> bool:
        listed = insist(play, "GET", f"/projects/{play.slug}/runs?status=completed&workflow=Family&limit=500").json()
        return len(listed["items"]) > count

    return look


@pytest.mark.parametrize("role", ["worker", "scheduler", "web", "redis"])
def test_a_killed_process_costs_a_load_of_runs_nothing(rig: Rig, stories: Play, clean: Told, role: str) -> None:
    """Rules 11.1, 11.3: kill -9 in the middle of twenty families; both workers at once."""
    runs = _load(stories)
    wait_until(_some_are_over(stories, runs, 3), PATIENCE, "some of the runs are over")
    killed = rig.stack.kill(role)
    assert killed

    _as_if_nothing_was(rig, stories, runs, clean)
    wait_until(lambda: rig.stack.pids(role) and not set(killed) & set(rig.stack.pids(role)), PATIENCE, f"a new {role}")


def test_a_killed_scheduler_leaves_no_deadline_behind(rig: Rig, stories: Play) -> None:
    """Rule 11.5: what became due while there was none is done by the next."""
    run = stories.start("Times out")
    stories.until_told(run, "agent.blocked")
    assert rig.stack.kill("scheduler")

    assert until_over(stories, run)["result"]["value"] == {"told": "timed_out"}
    stories.decide(stories.only_child(run), "Yes")
    rig.until_well()
    rig.check()


@contextmanager
def _flushing(rig: Rig) -> Iterator[None]:
    """Empty Redis every second."""
    over = threading.Event()

    def flush() -> None:
        with rig.stack.redis() as client:
            while not over.wait(1):
                try:
                    client.flushall()
                except RedisError:
                    continue

    thread = threading.Thread(target=flush)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_redis_flushed_every_second_costs_time_only(rig: Rig, stories: Play, clean: Told) -> None:
    """Rule 11.1: under load."""
    with _flushing(rig):
        runs = _load(stories)
        for run in runs:
            until_over(stories, run)

    _as_if_nothing_was(rig, stories, runs, clean)


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_goes_on(rig: Rig, stories: Play, clean: Told) -> None:
    """Interfaces 1, rule 11.3: with runs that wait for people and workflows, and with runs under way. The path of the
    data folder is longer than that of a socket may be."""
    waiting, asked = stories.start("Waits"), stories.start("Asked")
    child = stories.only_child(waiting)
    for run in (waiting, asked, child):
        stories.until_waiting(run)
    runs = _load(stories)
    stack = rig.stack
    assert stack.process is not None
    link = stack.link
    pids = [stack.process.pid, *(pid for role in ("web", "worker", "scheduler", "redis") for pid in stack.pids(role))]
    stack.process.kill()
    stack.process.wait()
    wait_until(lambda: not any(alive(pid) for pid in pids), 60, "no process left")
    stack.start()

    assert stack.link != link
    _as_if_nothing_was(rig, stories, runs, clean)
    stories.decide(asked, "Yes")
    stories.decide(child, "Yes")
    assert [until_over(stories, run)["status"] for run in (waiting, asked)] == ["completed", "completed"]
    rig.check()
