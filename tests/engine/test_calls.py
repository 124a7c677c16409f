"""Workflows that agents trigger: who waits, what comes back, and what the child never learns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runs.engine import facts
from runs.engine.limits import WORKFLOW_CALLS
from runs.engine.status import AgentStatus, CallStatus, RunStatus
from tests.engine.definitions import definition, on, stage
from tests.engine.world import World, run

Json = Any


# Who waits


def test_only_the_calling_agent_is_blocked() -> None:
    """Rule 5.2: the others of its stage go on, through further turns and calls of their own."""
    world = run(stage("Work", "Ada", "Ben", "Cy"))
    world.trigger("Ada", "Report")
    assert world.statuses() == ["blocked", "ready", "ready"]

    world.share("Ben", plan="B")
    world.trigger("Ben", "Report")
    world.share("Cy", plan="C")
    world.say("Cy")

    assert world.statuses() == ["blocked", "blocked", "done"]
    assert world.status() is RunStatus.WAITING


def test_a_blocked_agent_cannot_be_claimed() -> None:
    """Rule 1.7: it holds no worker while it waits."""
    world = run(stage("Work", "Ada"))
    world.trigger("Ada", "Report")

    assert world.play(facts.Claimed("1/0")).ignored
    assert world.play(facts.Claimed("1/0", lost=True)).ignored


def test_a_stage_does_not_end_while_one_of_its_agents_is_blocked() -> None:
    """Rule 5.2: a blocked agent is unfinished."""
    world = run(stage("Work", "Ada", "Ben"), stage("Next", "Cy"))
    (call,) = world.trigger("Ada", "Report")
    world.say("Ben")
    assert world.path == ["Work"]

    world.comes_back(call, "Report")
    world.say("Ada")

    assert world.path == ["Work", "Next"]


# What comes back


@pytest.mark.parametrize("status", ["completed", "failed", "timed_out", "cancelled"])
def test_the_agent_goes_on_whatever_came_back(status: str) -> None:
    """Rule 5.3: failure never raises in the parent; the agent decides what to do."""
    world = run(stage("Work", "Ada"))
    (call,) = world.trigger("Ada", "Report")
    world.comes_back(call, "Report", status)

    assert world.statuses() == ["ready"]
    assert world.status() is RunStatus.RUNNING
    assert world.state.values.workflows["Report"]["status"] == status
    assert world.told("workflow.returned")[0]["status"] == status
    assert world.warned == []
    world.say("Ada")
    assert world.status() is RunStatus.COMPLETED


def test_a_refused_call_answers_at_once_with_an_envelope() -> None:
    """Rule 5.3: refused, without a run; the agent is not even blocked."""
    world = run(stage("Work", "Ada"))
    refused = world.triggers("Ada", "Reprot", refusal="workflow 'Reprot' not found", run_id=None, known=False)
    decision = world.turn("Ada", None, *refused)

    assert decision.accepted == ()
    assert decision.replies[0] == {
        "status": "refused",
        "kind": None,
        "result": None,
        "error": "workflow 'Reprot' not found",
        "run_id": None,
    }
    assert world.statuses() == ["running"]


def test_a_refused_call_of_a_workflow_that_exists_is_what_later_stages_read() -> None:
    """Rule 4.2: workflows.NAME is the latest call; a name that no workflow has leaves nothing behind."""
    world = run(stage("Work", "Ada"))
    for known in (True, False):
        name = "Report" if known else "Reprot"
        world.turn("Ada", None, *world.triggers("Ada", name, refusal="no", run_id=None, known=known))

    assert set(world.state.values.workflows) == {"Report"}


def test_the_chain_of_a_refused_call_is_in_its_event_only() -> None:
    """Rule 6.3: the agent is told the limit and nothing of its ancestors."""
    told = "depth limit exceeded (limit 3)"
    world = run(stage("Work", "Ada"))
    refused = world.triggers("Ada", "Deploy", refusal=told, detail=f"{told}: A > B > C > Deploy", run_id=None)
    reply = world.turn("Ada", None, *refused).replies[0]

    assert "A > B" not in json.dumps(reply)
    assert "A > B" not in json.dumps(world.state.values.workflows)
    assert "A > B > C > Deploy" in world.told("workflow.triggered")[0]["refused"]


def test_a_late_result_is_never_injected() -> None:
    """Rule 5.4: a time-out ends the wait; what comes later is recorded on the log alone."""
    world = run(stage("Work", "Ada"))
    (call,) = world.trigger("Ada", "Report", timeout=60)
    world.comes_back(call, "Report", "timed_out")
    world.claim("Ada")
    late = {"status": "completed", "kind": "narrative", "result": "late", "error": None, "run_id": "x"}
    before = world.state

    assert world.play(facts.CallReturned(call, "Report", late)).ignored
    world.play(facts.CallLate(call, "Report", late))

    assert world.state == before
    assert world.events[-1].kind == "workflow.late"
    assert world.state.values.workflows["Report"]["status"] == "timed_out"


def test_an_agent_may_wait_again_for_the_run_that_timed_out() -> None:
    """Rules 5.4 and 5.7: a new wait on the old run is a call of its own and no new start."""
    world = run(stage("Work", "Ada"))
    (call,) = world.trigger("Ada", "Report", timeout=60)
    world.comes_back(call, "Report", "timed_out")
    (again,) = world.trigger("Ada", "Report", run_id=f"child of {call}", counts=False)

    world.completes(again, "Report", "the report")

    assert world.agent("Ada").workflow_calls == 1
    assert world.state.values.workflows["Report"]["result"] == "the report"
    assert world.rows.calls == {call: CallStatus.TIMED_OUT, again: CallStatus.COMPLETED}


# Several at once


def test_several_calls_of_one_turn_run_side_by_side() -> None:
    """Rule 5.5: the agent resumes when all are back, in whatever order."""
    world = run(stage("Work", "Ada"))
    calls = world.trigger("Ada", "Report", "Report", "Deploy")
    assert world.told("agent.blocked")[0]["calls"] == 3

    world.completes(calls[2], "Deploy", "third")
    world.completes(calls[0], "Report", "first")
    assert world.statuses() == ["blocked"]
    assert world.agent("Ada").open_calls == (calls[1],)
    world.completes(calls[1], "Report", "second")

    assert world.statuses() == ["ready"]
    assert len(world.told("agent.resumed")) == 1


def test_calls_have_keys_in_call_order() -> None:
    """Rule 5.5: results are told apart by place, so that they go back in call order."""
    world = run(stage("Work", "Ada"))

    assert world.trigger("Ada", "Report", "Deploy") == ("1/0/1/0", "1/0/1/1")


def test_one_refused_call_does_not_stop_the_others_of_its_turn() -> None:
    """Rule 5.5: its place is answered at once, the rest are waited for."""
    world = run(stage("Work", "Ada"))
    good, bad = world.triggers("Ada", "Report", "Reprot")
    bad = facts.Trigger(1, bad.call, "Reprot", waits=True, refusal="not found", known=False)
    decision = world.turn("Ada", None, good, bad)

    assert decision.accepted == (good.call,)
    assert list(decision.replies) == [1]
    assert world.statuses() == ["blocked"]


def test_a_background_start_does_not_block() -> None:
    """Rule 5.7: start_workflow returns the run's id; nobody waits."""
    world = run(stage("Work", "Ada"))
    reply = world.turn("Ada", None, *world.triggers("Ada", "Report", waits=False)).replies[0]

    assert reply == {"status": "started", "run_id": "child of 1/0/1/0"}
    assert world.statuses() == ["running"]
    assert world.rows.calls == {"1/0/1/0": CallStatus.STARTED}


def test_the_end_of_a_background_run_is_no_fact_for_its_starter() -> None:
    """Rule 5.7: nothing waits for it, so nothing comes back."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, *world.triggers("Ada", "Report", waits=False))

    assert world.play(facts.CallReturned("1/0/1/0", "Report", {"status": "completed"})).ignored


def test_the_run_ends_without_waiting_for_a_background_run() -> None:
    """Rule 5.7: its starter may be over long before."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, *world.triggers("Ada", "Report", waits=False))
    world.say("Ada")

    assert world.status() is RunStatus.COMPLETED
    assert world.rows.calls == {"1/0/1/0": CallStatus.STARTED}


# Tools that a worker runs in between


def test_an_agent_with_a_pending_tool_keeps_its_claim_until_the_tool_has_run() -> None:
    """Rule 11.3: the answer is stored first; the tool runs under the same claim."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, facts.Pending(0), facts.Share(1, {"plan": "A"}))
    assert world.agent("Ada").pending_tools == (0,)
    assert world.agent("Ada").status is AgentStatus.RUNNING

    world.play(facts.ToolsRun("1/0", 1, 1))

    assert world.agent("Ada").pending_tools == ()
    assert world.agent("Ada").status is AgentStatus.RUNNING


def test_an_agent_blocks_only_when_its_pending_tools_have_run() -> None:
    """Rule 5.5: a call that comes back before is not lost."""
    world = run(stage("Work", "Ada"))
    first, second = world.triggers("Ada", "Report", "Deploy")
    world.turn("Ada", None, first, second, facts.Pending(2))
    assert world.statuses() == ["running"]
    world.completes(first.call, "Report")

    world.play(facts.ToolsRun("1/0", 1, 1))
    assert world.statuses() == ["blocked"]
    world.completes(second.call, "Deploy")

    assert world.statuses() == ["ready"]


def test_an_agent_whose_calls_all_came_back_during_its_tools_goes_on() -> None:
    """Rule 5.5: there is nothing left to block on."""
    world = run(stage("Work", "Ada"))
    (call,) = world.triggers("Ada", "Report")
    world.turn("Ada", None, call, facts.Pending(1))
    world.completes(call.call, "Report")

    world.play(facts.ToolsRun("1/0", 1, 1))

    assert world.statuses() == ["running"]
    assert world.told("agent.blocked") == []


# Limits


def test_an_agent_may_start_twenty_workflows() -> None:
    """Rule 6.5: the twenty-first is refused with a clear error; the agent goes on."""
    world = run(stage("Work", "Ada", "Ben"))
    assert WORKFLOW_CALLS == 20
    for _ in range(WORKFLOW_CALLS):
        world.turn("Ada", None, *world.triggers("Ada", "Report", waits=False))

    decision = world.turn("Ada", None, *world.triggers("Ada", "Report"))

    assert decision.accepted == ()
    assert decision.replies[0]["status"] == "refused"
    assert "20" in decision.replies[0]["error"]
    assert world.statuses()[0] == "running"


def test_the_limit_counts_within_one_turn() -> None:
    """Rule 6.5: asking for many at once is no way around it."""
    world = run(stage("Work", "Ada"))
    decision = world.turn("Ada", None, *world.triggers("Ada", *["Report"] * 25))

    assert len(decision.accepted) == 20
    assert sorted(decision.replies) == [20, 21, 22, 23, 24]


def test_the_limit_is_per_agent_run() -> None:
    """Rule 6.5: another agent, and the same agent on the next visit, start from none."""
    world = run(stage("Work", "Ada", "Ben"), stage("Next", "Ada"))
    world.turn("Ada", None, *world.triggers("Ada", *["Report"] * 20, waits=False))
    world.turn("Ben", None, *world.triggers("Ben", *["Report"] * 20, waits=False))
    world.say("Ada", "Ben")

    assert len(world.turn("Ada", None, *world.triggers("Ada", *["Report"] * 20)).accepted) == 20


def test_waiting_on_an_old_run_does_not_count() -> None:
    """Rule 6.5: only starts count."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, *world.triggers("Ada", *["Report"] * 20, waits=False))

    assert world.turn("Ada", None, *world.triggers("Ada", "Report", counts=False)).accepted


# What the child learns


def test_the_events_and_warnings_of_a_child_are_those_of_a_root() -> None:
    """Rule 5.6: the same facts leave the same log, whoever started the run; the engine is told of no parent."""
    parent = run(stage("Work", "Ada"), input="Secret of the parent")
    (call,) = parent.trigger("Ada", "Report", context="Focus on cats")
    child = World(definition(stage("Count", on("Ben", share=["views"])), name="Report"), input="Focus on cats").start()
    child.say("Ben", text="seven")
    root = World(definition(stage("Count", on("Ben", share=["views"])), name="Report"), input="Focus on cats").start()
    root.say("Ben", text="seven")

    assert child.events == root.events
    assert child.state == root.state
    log = json.dumps([[event.kind, event.stage, event.agent, event.data] for event in child.events])
    for told in ("Secret", "Main", "Ada", call, "parent"):
        assert told not in log
