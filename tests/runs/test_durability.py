"""The database is the only truth (behaviour.md 11), as far as no process has to die for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tests.faults.database import Database
from tests.faults.invariants import broken
from tests.runs.casting import (
    CALLER,
    agent,
    gate,
    gated,
    routed,
    say,
    share,
    simple,
    stage,
    to_workflow,
    together,
    trigger,
    workflow,
)
from tests.runs.play import Play
from tests.stack import Stack
from tests.waiting import wait_until

New = Callable[..., Play]


@pytest.fixture(scope="module")
def redis(small_stack: Stack) -> Iterator[Redis]:
    """The Redis of the stack with a single slot, to be flushed at will."""
    with small_stack.redis() as client:
        yield client


def test_flushed_redis_loses_nothing_while_runs_are_queued(small: New, redis: Redis) -> None:
    """Rule 11.1: every run that was accepted completes, once."""
    one = small(
        simple("Main", share(given="{{input}}"), trigger("Child"), say("Done."), can=CALLER), simple("Child", say("C."))
    )
    inputs = {"inputs": [str(place) for place in range(30)]}
    started = one.ok("POST", f"/projects/{one.slug}/workflows/Main/runs/batch", inputs)["items"]
    redis.flushall()
    ended = [one.until_over(run) for run in started]

    assert [run["result"]["value"]["given"] for run in ended] == inputs["inputs"]
    assert len(one.runs()) == 60
    assert {run["stages"][0]["agents"][0]["turns"] for run in ended} == {3}


def test_flushed_redis_loses_nothing_while_runs_wait(small: New, redis: Redis) -> None:
    """Rule 11.1: for agents, routes and people; and the ring of an answer may be lost too."""
    one = small(
        simple("Asks", trigger("Child"), share(told="{{result.status}}"), can=CALLER),
        routed(
            "Leads",
            to_workflow("Child", then="Later"),
            stage("Later", agent("Ben", share(told="{{workflows.Child.status}}"))),
        ),
        workflow(
            "Child",
            stage("Ask", outcomes=["yes"], exit_hooks=[gate({"Yes": "yes"})]),
            stage("Work", agent("Cy", say("C."))),
        ),
    )
    runs = [one.until_waiting(one.start(name)) for name in ("Asks", "Leads")]
    redis.flushall()
    for run in runs:
        one.decide(one.only_child(run), "Yes")
        redis.flushall()

    for run in runs:
        ended = one.until_over(run)
        assert (ended["status"], ended["result"]["value"]) == ("completed", {"told": "completed"})
        assert len(ended["children"]) == 1


def test_flushed_redis_again_and_again_costs_time_only(small: New, redis: Redis) -> None:
    """Rule 11.1: a start that waits is answered although its bell is gone."""
    one = small(
        simple("Main", together(trigger("Child"), trigger("Child")), say("Done."), can=CALLER),
        simple("Child", say("C.")),
    )
    runs = []
    for _ in range(8):
        runs.append(one.start("Main"))
        redis.flushall()

    assert {one.until_over(run)["status"] for run in runs} == {"completed"}
    assert len(one.runs()) == 24


def test_the_wait_and_the_child_come_to_be_in_one_commit(small: New, small_stack: Stack) -> None:
    """Rule 11.2: seen from the database, there is never a child without the wait for it, or the other way round."""
    one = small(simple("Main", trigger("Child"), say("Done."), can=CALLER), simple("Child", say("C.")))
    run = one.completed("Main")
    with Database(small_stack) as database:
        rows = database.query(
            "SELECT c.since, child.created_at, child.finished_at, c.resolved_at FROM runs_workflowcall c "
            "JOIN runs_workflowrun child ON child.id = c.child_id WHERE c.run_id = %s",
            [database.key(run["id"])],
        )

    ((since, created, finished, resolved),) = rows
    assert (since, finished) == (created, resolved)


def test_deadlines_are_rows_and_no_message_has_an_eta(small: New, redis: Redis) -> None:
    """Rule 11.5: while a call, a gate and a retry wait, Redis holds nothing that they would need."""
    one = small(
        simple("Asks", trigger("Child", timeout=2), share(told="{{result.status}}"), can=CALLER),
        gated("Gate", deadline={"after": 2, "outcome": "no"}),
        gated("Child"),
        simple(
            "Retries",
            {"fail": "rate_limit"},
            share(told="retried"),
            retries={"attempts": 2, "backoff": 2, "max_backoff": 2},
        ),
    )
    runs = [one.until_waiting(one.start(name)) for name in ("Asks", "Gate", "Retries")]
    redis.flushall()
    asks, asked, retries = (one.until_over(run) for run in runs)

    assert asks["result"]["value"] == {"told": "timed_out"}
    assert asked["stages"][0]["outcome"] == "no"
    assert retries["result"]["value"] == {"told": "retried"}


def test_everything_that_was_left_behind_holds_together(small: New, small_stack: Stack) -> None:
    """Rules 11.2, 11.4, 11.6: the invariants, over all that the tests of this stack did."""
    one = small(simple("Main", trigger("Child"), can=CALLER), simple("Child"))
    one.completed("Main")
    with Database(small_stack) as database:
        wait_until(lambda: not broken(database), 30, lambda: str(broken(database)))


def test_everything_on_the_shared_stack_holds_together(play: New, stack: Stack) -> None:
    """Rules 11.2, 11.4, 11.6."""
    one = play(simple("Main", trigger("Child"), can=CALLER), simple("Child"))
    one.completed("Main")
    with Database(stack) as database:
        wait_until(lambda: not broken(database), 30, lambda: str(broken(database)))
