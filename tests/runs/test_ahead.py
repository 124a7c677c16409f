"""What a worker decides before its transaction is written only where the run still is as the worker knew it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from builder.models import Workflow
from builder.project_file import import_project
from projects import gathering, rows
from projects.access import Caller
from runs.advance import claim
from runs.batch import Outcome, Step
from runs.control import cancel_started_run, pause_run, resume_run, send_message
from runs.effects.agent_turn import carry_out
from runs.errors import LeaseLost
from runs.models import AgentTurn, Event, StageRun, WorkflowCall, WorkflowRun
from runs.operations import Start, start_run
from runs.scheduler import sweep

pytestmark = pytest.mark.django_db(transaction=True)
Json = Any
_WORKERS = 6


def _agent(name: str, *script: Json) -> Json:
    return {"name": name, "model": "scripted", "script": list(script)}


def _trigger(tool: str, workflow: str, **more: Json) -> Json:
    return {"call": tool, "args": {"workflow": workflow, **more}}


def _share(**values: str) -> Json:
    return {"call": "share_results", "args": {"results": values}}


def _stage(agent: str, *can: str) -> Json:
    return {"name": agent, "assignments": [{"agent": agent, "capabilities": list(can)}]}


def _house(agents: list[Json], **workflows: list[Json]) -> None:
    owner = User.objects.create_user("owner")
    blocks = [{"name": name, "stages": stages} for name, stages in workflows.items()]
    house = {"format": "baton/1", "project": {"name": "House"}, "agents": agents, "workflows": blocks}
    import_project(Caller(owner), house)


def _start(name: str, given: Json = "Go.") -> WorkflowRun:
    workflow = Workflow.objects.get(name=name)
    return start_run(workflow, given, Start("api", User.objects.get().pk))[0]


@pytest.fixture
def run() -> WorkflowRun:
    """A run of two stages, queued; the agents of both share something and say something."""
    agents = [_agent("First", _share(a="1"), {"say": "One."}), _agent("Second", _share(b="2"), {"say": "Two."})]
    _house(agents, Main=[_stage("First"), _stage("Second")])
    return _start("Main")


@pytest.fixture
def family() -> WorkflowRun:
    """A run, queued, whose agent starts three others in one turn and waits for the last of them."""
    calls = [_trigger("start_workflow", "Child", key=key) for key in ("one", "two")]
    told = _share(told="{{result.status}}")
    asks = _agent("Asks", {"together": [*calls, _trigger("trigger_workflow", "Child")]}, told)
    waits = _agent("Waits", {"call": "wait_for_workflow", "args": {"run_id": "{{input}}"}}, told)
    works = _agent("Works", _share(x="1"))
    _house(
        [asks, waits, works],
        Main=[_stage("Asks", "trigger_workflows")],
        Waiter=[_stage("Waits", "trigger_workflows")],
        Child=[_stage("Works")],
    )
    return _start("Main")


def _step(outcome: Outcome | None) -> Step:
    assert outcome is not None
    assert outcome.step is not None
    return outcome.step


def _go_on(step: Step) -> None:
    _to_the_end(carry_out(step))


def _to_the_end(outcome: Outcome | None) -> None:
    while outcome is not None and outcome.step is not None:
        outcome = carry_out(outcome.step)


def _kinds(run: WorkflowRun) -> list[str]:
    """The log of a run, which has no gaps."""
    found = list(Event.objects.filter(run=run).order_by("seq").values_list("seq", "kind"))
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    return [kind for _, kind in found]


def _turns(run: WorkflowRun) -> list[tuple[str, int]]:
    return list(AgentTurn.objects.filter(agent_run__run=run).order_by("id").values_list("agent_run__agent", "number"))


def test_a_message_that_came_during_a_turn_stays(run: WorkflowRun) -> None:
    """Rule 10.4: the answer of the turn is written beside it, and the next turn hears it."""
    step = _step(claim(run.pk))
    send_message(run.pk, "Be brief.", by="owner")
    _to_the_end(carry_out(step))
    run.refresh_from_db()

    assert run.status == "completed"
    assert run.result == {"kind": "structured", "value": {"a": "1", "b": "2"}}
    assert _kinds(run).count("message.received") == 1
    assert _kinds(run).count("results.shared") == 2
    assert "Be brief." in str(AgentTurn.objects.get(agent_run__agent="First", number=2).request)
    assert _turns(run) == [("First", 1), ("First", 2), ("Second", 1), ("Second", 2)]


def test_a_pause_that_came_during_a_turn_holds(run: WorkflowRun) -> None:
    """Rule 4.8: the turn in flight is kept, nothing new is claimed."""
    step = _step(claim(run.pk))
    pause_run(run.pk, by="owner")
    outcome = carry_out(step)
    run.refresh_from_db()

    assert (run.status, outcome.step, _turns(run)) == ("paused", None, [("First", 1)])
    resume_run(run.pk, by="owner")
    _to_the_end(claim(run.pk))
    run.refresh_from_db()
    assert run.status == "completed"


def test_a_cancelled_run_takes_no_answer(run: WorkflowRun) -> None:
    """Rule 11.4: what is no longer wanted is dropped whole."""
    step = _step(claim(run.pk))
    cancel_started_run(run.pk, by="owner")
    told = _kinds(run)
    with pytest.raises(LeaseLost):
        carry_out(step)
    run.refresh_from_db()

    assert (run.status, _kinds(run), _turns(run)) == ("cancelled", told, [])


def test_a_step_is_carried_out_once(run: WorkflowRun) -> None:
    """Rule 11.4: whoever comes second with the same step has lost it."""
    step = _step(claim(run.pk))
    carry_out(step)
    told = _kinds(run)
    with pytest.raises(LeaseLost):
        carry_out(step)

    assert (_kinds(run), _turns(run)) == (told, [("First", 1)])


def test_of_many_workers_one_claims(run: WorkflowRun) -> None:
    """Rule 11.3: a piece of work has one owner, however many look at the run at the same moment."""
    outcomes = _at_once(*[lambda: claim(run.pk)] * _WORKERS)

    assert sum(outcome is not None and outcome.step is not None for outcome in outcomes) == 1
    assert StageRun.objects.filter(run=run).count() == 1
    assert _kinds(run).count("stage.started") == 1


# Other runs


def _children(run: WorkflowRun) -> list[WorkflowRun]:
    """In the order in which they were called."""
    calls = WorkflowCall.objects.filter(run=run).order_by("key").select_related("child")
    return [call.child for call in calls if call.child is not None]


def test_the_runs_that_one_turn_starts_are_numbered_as_they_were_called(family: WorkflowRun) -> None:
    """Rules 5.2, 5.7: each is a run of its own, with a log from its start, and one of them is taken up at once."""
    outcome = carry_out(_step(claim(family.pk)))
    children = _children(family)

    assert [child.number for child in children] == [family.number + place for place in (1, 2, 3)]
    assert sorted(child.status for child in children) == ["queued", "queued", "running"]
    assert [_kinds(child)[0] for child in children] == ["run.started"] * 3
    assert _step(outcome).run.pk in {child.pk for child in children}
    assert len(outcome.children) == 2


def test_the_end_of_a_child_is_brought_to_a_caller_that_is_told_something_just_then(family: WorkflowRun) -> None:
    """Rules 5.2, 10.4: the result and the message are both there, whichever was first."""
    _go_on(_step(claim(family.pk)))  # with the first of the others
    awaited = WorkflowCall.objects.get(run=family, status="waiting").child_id
    assert awaited is not None
    step = _step(claim(awaited))
    outcome, _ = _at_once(lambda: carry_out(step), lambda: send_message(family.pk, "Be brief.", by="owner"))
    _to_the_end(outcome)
    _to_the_end(claim(family.pk))
    family.refresh_from_db()

    assert (family.status, family.result) == ("completed", {"kind": "structured", "value": {"told": "completed"}})
    assert {"message.received", "workflow.returned"} <= set(_kinds(family))


def test_whoever_begins_to_wait_for_a_run_as_it_ends_is_told(family: WorkflowRun) -> None:
    """Rules 5.7, 11.5: by the one that ends, or by the one that begins to wait."""
    for _ in range(_WORKERS):
        target = _start("Child")
        waiter = _start("Waiter", str(target.pk))
        last, asks = _step(claim(target.pk)), _step(claim(waiter.pk))
        _at_once(*(partial(_go_on, step) for step in (last, asks)))
        assert not WorkflowCall.objects.filter(run=waiter, status="waiting").exists()
        _to_the_end(claim(waiter.pk))
        waiter.refresh_from_db()
        assert waiter.result == {"kind": "structured", "value": {"told": "completed"}}


def test_the_scheduler_tells_whoever_a_crash_left_waiting_for_a_run_that_has_ended(family: WorkflowRun) -> None:
    """Rule 11.5: a worker that crashes between the end of a run and its telling."""
    target = _start("Child")
    waiter = _start("Waiter", str(target.pk))
    carry_out(_step(claim(waiter.pk)))
    calls = WorkflowCall.objects.filter(run=waiter)
    calls.update(child=None)  # out of sight of the one that ends
    _to_the_end(claim(target.pk))
    calls.update(child=target)
    assert calls.get().status == "waiting"

    sweep(timezone.now())
    assert calls.get().status == "completed"


def _at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of them returns, done in threads of their own, begun together."""
    together = Barrier(len(works))

    def do(work: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(do, works))


# The writes


def _moved(run: WorkflowRun, known: int) -> gathering.Ahead:
    """A new position for a run whose last event is known, and an event."""
    with gathering.ahead() as writes:
        rows.change_known(WorkflowRun, {"id": run.pk}, {"seq": known}, {"seq": known + 1})
        event = {"run_id": run.pk, "seq": known + 1, "at": timezone.now(), "kind": "stage.started"}
        rows.insert(Event, [{**event, "stage": None, "agent": None, "data": {}}])
    return writes


def test_what_is_gathered_is_written_when_it_is_sent(run: WorkflowRun) -> None:
    writes = _moved(run, 1)
    assert len(_kinds(run)) == 1
    gathering.send(writes)
    assert len(_kinds(run)) == 2


def test_nothing_is_written_where_the_guard_finds_no_row(run: WorkflowRun) -> None:
    writes = _moved(run, 7)
    with pytest.raises(gathering.Overtaken), transaction.atomic():
        gathering.send(writes)
    assert _kinds(run) == ["run.started"]


def _count(run: WorkflowRun) -> None:
    rows.update(WorkflowRun, {"id": run.pk}, {"seq": 3})


def _save(run: WorkflowRun) -> None:
    WorkflowRun.objects.filter(pk=run.pk).update(seq=3)


@pytest.mark.parametrize("write", [_count, _save, lambda run: gathering.flush()], ids=["counted", "orm", "flush"])
def test_what_cannot_wait_for_the_transaction_is_refused(
    run: WorkflowRun, write: Callable[[WorkflowRun], None]
) -> None:
    with pytest.raises(gathering.NotAhead), gathering.ahead():
        write(run)
    assert WorkflowRun.objects.get(pk=run.pk).seq == 1
    _save(run)  # and the connection writes as before
    assert WorkflowRun.objects.get(pk=run.pk).seq == 3
