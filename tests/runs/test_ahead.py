"""What a worker decides before its transaction is written only where the run still is as the worker knew it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
from runs.models import AgentTurn, Event, StageRun, WorkflowRun
from runs.operations import Start, start_run

pytestmark = pytest.mark.django_db(transaction=True)
Json = Any
_WORKERS = 6


def _agent(name: str, *script: Json) -> Json:
    return {"name": name, "model": "scripted", "script": list(script)}


def _share(**values: str) -> Json:
    return {"call": "share_results", "args": {"results": values}}


@pytest.fixture
def run() -> WorkflowRun:
    """A run of two stages, queued; the agents of both share something and say something."""
    owner = User.objects.create_user("owner")
    stages = [{"name": name, "assignments": [{"agent": name}]} for name in ("First", "Second")]
    made = import_project(
        Caller(owner),
        {
            "format": "baton/1",
            "project": {"name": "House"},
            "agents": [
                _agent("First", _share(a="1"), {"say": "One."}),
                _agent("Second", _share(b="2"), {"say": "Two."}),
            ],
            "workflows": [{"name": "Main", "stages": stages}],
        },
    )
    workflow = Workflow.objects.get(project__slug=made.project, name="Main")
    return start_run(workflow, "Go.", Start("api", owner.pk))[0]


def _step(outcome: Outcome | None) -> Step:
    assert outcome is not None
    assert outcome.step is not None
    return outcome.step


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
    together = Barrier(_WORKERS)

    def work(_: int) -> bool:
        together.wait()
        try:
            outcome = claim(run.pk)
        finally:
            connection.close()
        return outcome is not None and outcome.step is not None

    with ThreadPoolExecutor(_WORKERS) as threads:
        assert sum(threads.map(work, range(_WORKERS))) == 1
    assert StageRun.objects.filter(run=run).count() == 1
    assert _kinds(run).count("stage.started") == 1


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
