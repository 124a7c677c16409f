"""What the persons of the model do: answer gates and questions, change their minds, let deadlines pass."""

from __future__ import annotations

from builder.spec import ApprovalHook
from runs.engine import facts
from runs.engine.asking import OpenGate, Question
from tests.engine.world import World


def person_answers(world: World, asked: ApprovalHook | Question, pick: int) -> facts.Fact:
    """Somebody answers, or a clock does."""
    if isinstance(asked, Question):
        return said(asked) if pick % 3 else facts.GateExpired(asked.key)
    options = list(asked.options)
    place = pick % (len(options) + len(asked.reminders) + (asked.deadline is not None))
    if place < len(options):
        return facts.GateAnswered(world.gate, options[place], "", "ana" if pick % 2 else "ben", "inbox")
    if place < len(options) + len(asked.reminders):
        return facts.GateReminded(world.gate, place - len(options) + 1)
    return facts.GateExpired(world.gate)


def said(question: Question) -> facts.Fact:
    """An answer to a question: its first option, or a text where it has none."""
    return facts.GateAnswered(question.key, next(iter(question.options), ""), "Blue.", "ana", "inbox")


def go_on(gate: OpenGate) -> facts.Fact:
    """The option that is always there, chosen by whoever has not chosen it."""
    heard = [voice.by for voice in gate.voices if voice.option == "Go on"]
    return facts.GateAnswered(gate.key, "Go on", "", "ben" if "ana" in heard else "ana", "inbox")
