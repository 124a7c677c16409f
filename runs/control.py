"""What people and agents do to a run under way: cancel, pause, resume, answer a gate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projects import rows
from projects.access import Caller, Role, role_of
from projects.errors import Detail, Forbidden, Invalid, NotFound
from runs import store
from runs.advance import announce, apply
from runs.approvers import said_by, why_not
from runs.engine import facts
from runs.engine.decision import Decision
from runs.engine.status import GateStatus, RunStatus
from runs.errors import AlreadyAnswered, GateClosed, LinkEnded, WrongState
from runs.faults import crash_point
from runs.models import Gate, WorkflowCall
from runs.store import Work
from runs.targets import check_size


def cancel_started_run(run_id: UUID, *, by: str, cascade: bool = True) -> None:
    """Cancel a run and, with `cascade`, the children it waits for. Raises WrongState when it has ended already."""

    def check(work: Work) -> None:
        _wanted(work, not work.state.over, "an unfinished run")

    def mark(work: Work, decision: Decision, now: datetime) -> None:
        if cascade and decision.given_up:
            store.mark_cascade(work.row.pk, decision.given_up)

    announce(apply(run_id, facts.Cancelled(by), before=check, after=mark))
    crash_point("cancel.committed")
    for call in WorkflowCall.objects.filter(run_id=run_id, cancel_child=True):
        cancel_marked_child(call)


def cancel_marked_child(call: WorkflowCall) -> None:
    """Cancel the child of a call that a cancelled parent left behind; harmless when the child has ended."""
    if call.child_id is not None:
        # It may have ended by itself in between, which is just as well.
        with suppress(WrongState):
            cancel_started_run(call.child_id, by="system")
    store.clear_cascade(call.pk)


def _wanted(work: Work, fits: bool, wanted: str) -> None:
    if not fits:
        raise WrongState(f"The run is {work.state.status.value}; {wanted} was wanted.")


def pause_run(run_id: UUID, *, by: str) -> None:
    """Pause a run at its next boundary: turns in flight are finished and kept, nothing new is claimed."""

    def check(work: Work) -> None:
        _wanted(work, not work.state.over and not work.state.paused, "a run that is queued, running or waiting")

    announce(apply(run_id, facts.Paused(by), before=check))


def resume_run(run_id: UUID, *, by: str) -> None:
    """Let a paused run go on."""

    def check(work: Work) -> None:
        _wanted(work, work.state.status is RunStatus.PAUSED, "a paused run")

    announce(apply(run_id, facts.Resumed(by), before=check))


def send_message(run_id: UUID, text: str, *, by: str) -> None:
    """Tell a run something: its agents at work hear it with their next turn; where there is none, those that begin
    next. Raises Invalid for a text that is empty or too large, and WrongState when the run has ended."""
    if not text.strip():
        raise Invalid("The message is empty.", details=[Detail("text", "write a text")])
    check_size(text, "text")

    def check(work: Work) -> None:
        _wanted(work, not work.state.over, "an unfinished run")

    announce(apply(run_id, facts.MessageReceived(text, by), before=check))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a gate: `option` is a label. A question without options takes any text, in either field. `link` is
    the approval link that it came by, which is used up by it."""

    option: str
    comment: str
    caller: Caller
    channel: str
    link: int | None = None

    @property
    def by(self) -> str:
        """The name under which the answer is kept."""
        return self.caller.user.get_username()


def answer_gate(gate: Gate, answer: Answer, role: Role | None = None) -> Gate:
    """Decide a gate, once, or raise one of the voices that it takes; from whatever surface the answer came. `role` is
    the caller's in the project, where it was just looked up.

    Returns it as it is then. Raises GateClosed with who answered what and when, if it is decided; Forbidden for
    somebody who is not asked; Invalid for an option that is not offered; AlreadyAnswered for a person's second equal
    answer; LinkEnded.
    """
    check_size(answer.comment, "comment")
    role = role or role_of(answer.caller, gate.run.project)

    def check(work: Work) -> None:
        held = _as_it_is(gate)
        if held.status != GateStatus.OPEN.value:
            raise GateClosed(closed_message(held))
        if told := why_not(answer.caller, held, role):
            raise Forbidden(told)
        _check_option(held, answer)
        if said_by(held, answer.by) == answer.option:
            raise AlreadyAnswered(f"You have answered {answer.option} already; it takes {held.quorum} persons.")

    def record(work: Work, decision: Decision, now: datetime) -> None:
        if answer.link is not None and not store.use_link(answer.link, now):
            raise LinkEnded("This link has been used or withdrawn.")
        work.answerer = answer.caller.user.pk

    fact = facts.GateAnswered(gate.key, answer.option, answer.comment, answer.by, answer.channel)
    announce(apply(gate.run_id, fact, before=check, after=record))
    crash_point("gate.answered")
    return _as_it_is(gate)


def _as_it_is(gate: Gate) -> Gate:
    """The gate as its row says now, with the run that was looked up with it."""
    fresh = rows.fetch(Gate, gate.pk)
    if fresh is None:
        raise NotFound("There is no such gate.")
    fresh.run = gate.run
    return fresh


def _check_option(gate: Gate, answer: Answer) -> None:
    labels = [option["label"] for option in gate.options]
    if labels and answer.option not in labels:
        raise Invalid(
            f"{answer.option!r} is not an option of this gate.",
            details=[Detail("option", f"one of: {', '.join(labels)}")],
        )
    if not labels and not (answer.option.strip() or answer.comment.strip()):
        raise Invalid("An answer is needed.", details=[Detail("comment", "write what the agent shall know")])


def closed_message(gate: Gate) -> str:
    """Who answered what and when, in one sentence."""
    answer = gate.answer or {}
    at = f"{gate.closed_at:%Y-%m-%d %H:%M:%S} UTC" if gate.closed_at else "before"
    if gate.status == GateStatus.ANSWERED.value:
        said = answer.get("option") or answer.get("comment")
        return f"Already answered by {answer.get('by')}: {said}, at {at}."
    if gate.status == GateStatus.EXPIRED.value and gate.is_question:
        return f"The question expired at {at}; {gate.name} went on without an answer."
    if gate.status == GateStatus.EXPIRED.value:
        return f"The gate expired at {at}; its outcome is {answer.get('outcome')}."
    return f"The gate was cancelled with its run at {at}."
