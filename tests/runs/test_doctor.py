"""`manage.py doctor`: it finds what stands still for no reason, and mends it (behaviour.md 11.7)."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.database import Database
from tests.faults.invariants import broken
from tests.runs.casting import CALLER, after, gated, say, share, simple, trigger
from tests.runs.play import Play
from tests.stack import Stack
from tests.waiting import wait_until

New = Callable[..., Play]
Json = Any
LONG_AGO = "2026-01-01 00:00:00"


@pytest.fixture
def database(small_stack: Stack) -> Iterator[Database]:
    """The database of the stack with a single slot."""
    with Database(small_stack) as found:
        yield found


@pytest.fixture
def stand_still(small_stack: Stack, database: Database) -> Iterator[Callable[[], None]]:
    """Stop worker and scheduler where they are, but not inside a write, which would keep everybody else from writing:
    what is broken meanwhile stays so until the doctor comes."""

    def stop() -> None:
        with database.nobody_writes():
            stopped = [pid for role in ("scheduler", "worker") for pid in small_stack.kill(role, signal.SIGSTOP)]
            wait_until(lambda: all(_stands_still(pid) for pid in stopped), message="worker and scheduler stand still")

    yield stop
    for role in ("scheduler", "worker"):
        small_stack.kill(role, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return state.startswith("T")


def _examined(stack: Stack, *args: str) -> tuple[int, list[str]]:
    """Exit code and findings, each by its code."""
    made = stack.manage("doctor", *args)
    assert "Traceback" not in made.stderr, made.stderr
    assert all(line.endswith("Repaired.") for line in made.stdout.splitlines()) or not args
    return made.returncode, sorted(line.split(":")[0] for line in made.stdout.splitlines())


def test_a_healthy_stack_has_no_findings(small_stack: Stack, small: New) -> None:
    """Rule 11.7: runs that wait for a reason are none."""
    one = small(simple("Main", trigger("Child"), can=CALLER), gated("Child"))
    run = one.until_waiting(one.start("Main"))
    examined = _examined(small_stack)
    one.control(run, "cancel")

    assert examined == (0, ["Nothing found"])


def test_what_is_broken_is_found_and_mended(
    small_stack: Stack, small: New, database: Database, stand_still: Callable[[], None]
) -> None:
    """Rule 11.7: waits whose child is finished or deleted, expired leases, lost rings, overdue deadlines."""
    one = small(
        simple("Asks", trigger("Child"), share(told="{{result.status}}"), can=CALLER),
        gated("Child"),
        gated("Overdue", deadline={"after": 3600, "outcome": "no"}),
        simple("Works", after(2, say("Worked."))),
    )
    missed, deleted = (one.until_waiting(one.start("Asks")) for _ in range(2))
    overdue, works = one.until_waiting(one.start("Overdue")), one.start("Works")
    one.until_told(works, "agent.started")
    stand_still()
    lost = one.start("Works")
    _miss_the_end(one, database, one.only_child(missed))
    _set_call(database, one.only_child(deleted), None)
    _back_date(database, "UPDATE runs_workflowrun SET created_at = %s WHERE id = %s", lost)
    _back_date(database, "UPDATE runs_gate SET deadline = %s WHERE run_id = %s", overdue)
    _back_date(database, "UPDATE runs_agentrun SET lease_until = %s WHERE run_id = %s", works)

    found, mended = _examined(small_stack), _examined(small_stack, "--repair")
    small_stack.kill("worker", signal.SIGCONT)
    ended = [one.until_over(run) for run in (missed, deleted, overdue, works, lost)]

    codes = ["lapsed_lease", "overdue_gate", "unclaimed_run", "wait_for_deleted_run", "wait_for_ended_run"]
    assert (found, mended) == ((1, codes), (0, codes))
    assert [run["status"] for run in ended] == ["completed"] * 5
    assert [run["result"]["value"] for run in ended[:2]] == [{"told": "completed"}, {"told": "failed"}]
    assert ended[2]["stages"][0]["outcome"] == "no"
    assert [run["stages"][0]["agents"][0]["turns"] for run in ended[3:]] == [1, 1]
    assert broken(database) == {}


def _miss_the_end(one: Play, database: Database, child: Json) -> None:
    """End a child while the wait for it is hidden, so that nobody is there to be woken."""
    _set_call(database, child, None)
    one.decide(child, "Yes")
    one.until_over(child)
    _set_call(database, child, database.key(child["id"]))
    assert "I19: no call waits for a run that has ended" in broken(database)


def _set_call(database: Database, child: Json, value: Any) -> None:
    key = database.key(child["parent"]["call_id"])
    assert database.change("UPDATE runs_workflowcall SET child_id = %s WHERE id = %s", [value, key]) == 1


def _back_date(database: Database, sql: str, run: Json) -> None:
    assert database.change(sql, [LONG_AGO, database.key(run["id"])]) == 1
