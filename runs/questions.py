"""What the tool `ask_person` returns, once somebody has answered, or nobody in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runs.engine.status import GateStatus
from runs.models import Gate

Json = Any


def question_results(gates: Iterable[Gate]) -> dict[str, Json]:
    """The results of these questions by their keys, as the agent gets them; None while one is open."""
    return {gate.key: _result(gate) for gate in gates}


def _result(gate: Gate) -> Json:
    if gate.status == GateStatus.ANSWERED.value and gate.answer:
        option, comment = gate.answer["option"], gate.answer["comment"]
        told = {"status": "answered", "answer": option or comment, "comment": comment if option else ""}
        return {**told, "by": gate.answer["by"], "error": None}
    if gate.status == GateStatus.EXPIRED.value and gate.deadline:
        seconds = round((gate.deadline - gate.opened_at).total_seconds())
        error = f"Nobody answered within {seconds} seconds."
        return {"status": "timed_out", "answer": None, "comment": "", "by": None, "error": error}
    return None
