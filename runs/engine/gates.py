"""What people and clocks do to the open gate: answers and how many it takes, reminders, and the deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from builder.spec import ApprovalHook
from runs.engine import facts
from runs.engine.asking import Voice
from runs.engine.decision import ClosedGate, GateChange
from runs.engine.draft import Draft
from runs.engine.questions import question_answered, question_expired
from runs.engine.state import Phase
from runs.engine.status import GateStatus

Json = Any


def reminder_after(hook: ApprovalHook, reminded: int) -> float | None:
    """Seconds from the opening to the next reminder, when so many are over; None when there is none left."""
    times = sorted(hook.reminders)
    return times[reminded] if reminded < len(times) else None


def _answered(draft: Draft, fact: facts.GateAnswered) -> bool:
    """One more voice; the option that as many persons chose as the quorum asks for decides."""
    hook = _open_hook(draft, fact.gate)
    if hook is None:
        return question_answered(draft, fact)
    gate = draft.state.gate
    if gate is None or fact.option not in hook.options:
        return False
    if any(voice.by == fact.by and voice.option == fact.option for voice in gate.voices):
        return False
    voice = Voice(fact.by, fact.option, fact.comment, fact.channel, draft.at)
    # Everybody has one voice: whoever chooses again before the decision has changed their mind.
    voices = (*(other for other in gate.voices if other.by != fact.by), voice)
    agreed = [other for other in voices if other.option == fact.option]
    draft.change(gate=replace(gate, voices=voices))
    if len(agreed) < hook.quorum:
        draft.heard.append(GateChange(gate.key, voices, gate.reminded, reminder_after(hook, gate.reminded)))
        counted = {"answers": len(agreed), "quorum": hook.quorum}
        draft.emit("gate.voted", None, gate=hook.name, **voice.to_json(), **counted)
        return True
    answer = {
        "option": fact.option,
        "outcome": hook.options[fact.option],
        "comment": _joined(agreed),
        "by": ", ".join(other.by for other in agreed),
        "channel": fact.channel,
        "at": voice.at,
    }
    draft.emit("gate.answered", None, gate=hook.name, **answer)
    _close(draft, hook, GateStatus.ANSWERED, answer, "gate")
    return True


def _joined(agreed: Sequence[Voice]) -> str:
    """The comments of those who decided; where several did, each with its name."""
    if len(agreed) == 1:
        return agreed[0].comment
    return "\n".join(f"{voice.by}: {voice.comment}" for voice in agreed if voice.comment.strip())


def _expired(draft: Draft, fact: facts.GateExpired) -> bool:
    hook = _open_hook(draft, fact.gate)
    if hook is None:
        return question_expired(draft, fact)
    if hook.deadline is None:
        return False
    answer = {
        "option": None,
        "outcome": hook.deadline.outcome,
        "comment": "",
        "by": None,
        "channel": None,
        "at": draft.at,
    }
    draft.emit("gate.expired", None, gate=hook.name, outcome=hook.deadline.outcome)
    _close(draft, hook, GateStatus.EXPIRED, answer, "deadline")
    return True


def _reminded(draft: Draft, fact: facts.GateReminded) -> bool:
    """A reminder is sent once; those that passed while nobody looked are not made up for."""
    hook, gate = _open_hook(draft, fact.gate), draft.state.gate
    if hook is None or gate is None or not gate.reminded < fact.number <= len(hook.reminders):
        return False
    draft.change(gate=replace(gate, reminded=fact.number))
    draft.heard.append(GateChange(gate.key, gate.voices, fact.number, reminder_after(hook, fact.number)))
    draft.emit("gate.reminded", None, gate=hook.name, number=fact.number, of=len(hook.reminders))
    return True


def _open_hook(draft: Draft, key: str) -> ApprovalHook | None:
    gate = draft.state.gate
    if gate is None or gate.key != key:
        return None
    hook = (draft.stage.entry_hooks if gate.edge == "entry" else draft.stage.exit_hooks)[gate.index]
    return hook if isinstance(hook, ApprovalHook) else None


def gate_output(answer: dict[str, Json]) -> dict[str, Json]:
    """What a gate leaves behind under its output key."""
    return {name: answer[name] for name in ("option", "outcome", "comment", "by", "at")}


def _close(draft: Draft, hook: ApprovalHook, status: GateStatus, answer: dict[str, Json], decided_by: str) -> None:
    gate = draft.state.gate
    assert gate is not None  # _open_hook found it
    draft.closed.append(ClosedGate(gate.key, status, answer, gate.voices))
    if hook.output_key:
        draft.remember(hooks={**draft.state.values.hooks, hook.output_key: gate_output(answer)})
    draft.emit("hook.finished", None, hook=hook.name, hook_kind=hook.kind)
    draft.change(gate=None, hook=gate.index + 1)
    outcome = answer["outcome"]
    if gate.edge == "exit":
        draft.change(gate_decided=True, gate_outcome=outcome, decided_by=decided_by)
    elif outcome is not None:
        draft.change(outcome=outcome, decided_by=decided_by, phase=Phase.LEAVE)


HANDLERS: dict[type, Callable[[Draft, Any], bool]] = {
    facts.GateAnswered: _answered,
    facts.GateExpired: _expired,
    facts.GateReminded: _reminded,
}
