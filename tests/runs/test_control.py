"""Cancelling, pausing, and asking why (behaviour.md 10)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.runs.casting import (
    CALLER,
    after,
    agent,
    fail,
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
from tests.runs.play import Play, problem

New = Callable[..., Play]
NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_cancelling_takes_the_children_that_are_waited_for_with_it(play: New) -> None:
    """Rule 10.1: down to the last one, and the gate closes."""
    one = play(simple("A", trigger("B"), can=CALLER), routed("B", to_workflow("C")), gated("C"))
    run = one.start("A")
    second = one.only_child(run)
    third = one.only_child(second)
    asked = one.gate(third)
    cancelled = one.control(run, "cancel").json()

    assert cancelled["status"] == "cancelled"
    assert [one.until_over(each)["status"] for each in (second, third)] == ["cancelled", "cancelled"]
    assert one.ok("GET", f"/gates/{asked['id']}")["status"] == "cancelled"
    assert one.answer(asked, "Yes").status_code == 409
    assert [told["by"] for told in one.told(run, "run.cancelled")] == ["admin"]
    assert cancelled["waiting_on"] == []
    assert [each["status"] for each in cancelled["stages"][0]["agents"]] == ["cancelled"]


def test_without_cascade_the_children_go_on(play: New) -> None:
    """Rule 10.1: a choice per request; what comes back late changes nothing."""
    one = play(simple("A", trigger("B"), say("Never said."), can=CALLER), gated("B"))
    run = one.start("A")
    child = one.only_child(run)
    one.until_waiting(run)
    assert one.control(run, "cancel", {"cascade": False}).status_code == 200
    assert one.get(child)["status"] == "waiting"
    one.decide(child, "Yes")
    one.until_told(run, "workflow.late")

    assert one.get(child)["status"] == "completed"
    ended = one.get(run)
    assert (ended["status"], ended["result"]) == ("cancelled", None)
    assert [event["kind"] for event in one.events(run)][-2:] == ["run.cancelled", "workflow.late"]


def test_background_runs_are_not_cancelled_with_their_starter(play: New) -> None:
    """Rule 10.1: only children that it waits for."""
    start = {"call": "start_workflow", "args": {"workflow": "B"}}
    one = play(simple("A", start, trigger("C"), can=CALLER), gated("B"), gated("C"))
    run = one.until_waiting(one.start("A"))
    background, waited = one.children(run)
    one.control(run, "cancel")

    assert one.until_over(waited)["status"] == "cancelled"
    assert one.until_waiting(background)["status"] == "waiting"


def test_a_result_that_comes_after_the_cancellation_is_dropped(play: New) -> None:
    """Rule 10.1: a cancelled run stays cancelled."""
    one = play(simple("Main", after(2, share(late="yes")), say("Late.")))
    run = one.start("Main")
    one.until_told(run, "agent.started")
    assert one.control(run, "cancel").json()["status"] == "cancelled"
    one.completed("Main")  # as long again: whatever the first had in flight is over

    ended = one.get(run)
    assert (ended["status"], ended["result"], ended["usage"]["requests"]) == ("cancelled", None, 0)
    assert one.events(run)[-1]["kind"] == "run.cancelled"


@pytest.mark.parametrize("what", ["cancel", "pause", "resume"])
@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_run_that_has_ended_is_not_changed_any_more(play: New, what: str, state: str) -> None:
    """Rules 10.1, 1.3: 409 with what is and what was wanted."""
    script = {"completed": [say("Done.")], "failed": [fail("bad_request")], "cancelled": [after(30, say("Never."))]}
    one = play(simple("Main", *script[state]))
    run = one.start("Main")
    if state == "cancelled":
        one.control(run, "cancel")
    one.until(run, state)
    answer = one.control(run, what)

    assert (answer.status_code, problem(answer)["code"]) == (409, "wrong_state")
    assert f"is {state}" in problem(answer)["message"]
    assert "wanted" in problem(answer)["message"]
    assert one.get(run)["status"] == state


def test_a_run_is_cancelled_once_however_many_ask(play: New) -> None:
    """Rule 10.1: one 200, the others 409."""
    one = play(gated("Main"))
    run = one.until_waiting(one.start("Main"))

    def ask(_: int) -> int:
        with httpx.Client(base_url=one.stack.url, timeout=60, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {one.stack.token}"}
            return client.post(f"/api/v1/runs/{run['id']}/cancel", headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [200] + [409] * 5
    assert len(one.told(run, "run.cancelled")) == 1


def test_control_of_what_is_not_there(play: New) -> None:
    """Interfaces 5: unknown and malformed ids are 404, unknown fields 422; bodies may be left out."""
    one = play(gated("Main"))
    run = one.start("Main")

    for what in ("cancel", "pause", "resume"):
        assert one.api("POST", f"/runs/{NOWHERE}/{what}").status_code == 404
        assert one.api("POST", f"/runs/no-id/{what}").status_code == 404
        assert one.control(run, what, {"by": "me"}).status_code == 422
    assert one.control(run, "cancel", {"cascade": "perhaps"}).status_code == 422
    assert one.get(run)["status"] != "cancelled"


# Pausing


def test_a_paused_run_finishes_its_turn_and_starts_nothing_new(play: New) -> None:
    """Rule 10.2: at the next boundary; what was answered is kept and not asked for again."""
    one = play(simple("Main", after(1, share(first=1)), share(second=2), say("Done.")))
    run = one.start("Main")
    one.until_told(run, "agent.started")
    assert one.control(run, "pause").json()["status"] == "paused"
    one.until_told(run, "agent.turn")
    paused = one.get(run)
    again, resumed = one.control(run, "pause"), one.control(run, "resume")
    ended = one.until_over(run)

    assert (paused["status"], paused["stages"][0]["agents"][0]["status"]) == ("paused", "ready")
    assert again.status_code == 409
    assert "is paused" in problem(again)["message"]
    assert resumed.status_code == 200
    assert (ended["status"], ended["result"]["value"]) == ("completed", {"first": 1, "second": 2})
    assert ended["stages"][0]["agents"][0]["turns"] == 3
    assert [told["by"] for told in one.told(run, "run.paused")] == ["admin"]


def test_what_comes_back_to_a_paused_run_is_kept_for_it(play: New) -> None:
    """Rule 10.2: a child ends and a gate is answered; nothing moves before the run is resumed."""
    one = play(
        workflow(
            "Main",
            stage("Call", agent("Ada", trigger("Child"), share(heard="{{result.status}}"), can=CALLER)),
            stage("After", agent("Ben", say("After."))),
        ),
        gated("Child"),
    )
    run = one.start("Main")
    child = one.only_child(run)
    one.until_waiting(run)
    one.control(run, "pause")
    one.decide(child, "Yes")
    one.until_told(run, "workflow.returned")
    held = one.get(run)
    one.control(run, "resume")

    assert (held["status"], [each["name"] for each in held["stages"]]) == ("paused", ["Call"])
    assert one.until_over(run)["result"]["value"] == {"heard": "completed"}


def test_a_gate_can_be_answered_while_its_run_is_paused(play: New) -> None:
    """Rules 10.2, 7.2: the answer counts, the run goes on when it is resumed."""
    one = play(gated("Main"))
    run = one.until_waiting(one.start("Main"))
    one.control(run, "pause")
    one.decide(run, "Yes")
    held = one.get(run)
    one.control(run, "resume")

    assert held["status"] == "paused"
    assert one.until_over(run)["stages"][0]["outcome"] == "yes"


def test_a_waiting_run_that_was_paused_waits_again(play: New) -> None:
    """Rule 10.2: and a paused one can be cancelled."""
    one = play(gated("Main"))
    run, other = (one.until_waiting(one.start("Main")) for _ in range(2))
    for each in (run, other):
        assert one.control(each, "pause").json()["status"] == "paused"

    assert one.control(run, "resume").json()["status"] == "waiting"
    assert one.control(run, "resume").status_code == 409
    assert one.control(other, "cancel").json()["status"] == "cancelled"


# Why


def test_why_a_run_waits_is_told_down_to_the_last_cause(play: New) -> None:
    """Rule 10.4: agent, child run, stage, its child, gate, person: since when, until when, and what then."""
    one = play(
        workflow("A", stage("Work", agent("Ada", trigger("B", timeout=600), can=CALLER))),
        routed("B", to_workflow("C")),
        gated("C", deadline={"after": 900, "outcome": "no"}),
    )
    run = one.start("A")
    second = one.only_child(run)
    third = one.only_child(second)
    asked = one.gate(third)
    chain = one.ok("GET", f"/runs/{run['id']}/why")["chain"]

    assert [each["kind"] for each in chain] == ["agent", "run", "stage", "run", "gate", "person"]
    assert [each["id"] for each in chain if each["kind"] in ("run", "gate")] == [second["id"], third["id"], asked["id"]]
    assert chain[0]["label"] == "Ada"
    assert chain[0]["until"] is not None
    assert chain[4]["until"] == asked["deadline"]
    assert "Yes, No" in chain[5]["then"]
    assert all(each["then"] for each in chain)
    assert all(each["since"] for each in chain)
    assert one.ok("GET", f"/runs/{third['id']}/why")["chain"] == chain[4:]


def test_why_tells_of_each_agent_that_waits_and_of_retries(play: New) -> None:
    """Rule 10.4: filled also while the run is running."""
    retries = {"attempts": 2, "backoff": 600, "max_backoff": 600}
    one = play(
        workflow(
            "Main",
            stage(
                "Work",
                agent("Ada", together(trigger("Child"), trigger("Child")), can=CALLER),
                agent("Ben", fail("rate_limit", 9), retries=retries),
            ),
        ),
        gated("Child"),
    )
    run = one.start("Main")
    one.until_waiting(run)
    chain = one.ok("GET", f"/runs/{run['id']}/why")["chain"]

    kinds = [each["kind"] for each in chain]
    assert (kinds.count("run"), kinds.count("gate"), kinds[-1]) == (2, 2, "retry")
    assert chain[-1]["until"] is not None
    assert sorted(wait["kind"] for wait in one.get(run)["waiting_on"]) == ["retry", "workflow", "workflow"]
    one.control(run, "cancel")


def test_why_of_a_run_that_does_not_wait(play: New) -> None:
    """Rule 10.4: nothing for one that has ended; that it is paused for one that is."""
    one = play(gated("Main"), simple("Quick", say("Done.")))
    quick, paused = one.completed("Quick"), one.until_waiting(one.start("Main"))
    one.control(paused, "pause")
    (link,) = one.ok("GET", f"/runs/{paused['id']}/why")["chain"]

    assert one.ok("GET", f"/runs/{quick['id']}/why") == {"chain": []}
    assert (link["kind"], link["id"], "resume" in link["then"]) == ("run", paused["id"], True)
