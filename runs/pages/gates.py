"""Gates and questions of agents as cards on the run page, and as the approval page. The inbox is in inbox.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from builder.publish import frozen
from builder.spec import StageSpec, WorkflowRoute
from projects.access import Caller, role_of
from projects.approvers import People, people_in
from runs.approvers import asked_of, said_by, shortage, still_to_answer, why_not
from runs.control import closed_message
from runs.engine.status import GateStatus
from runs.models import Gate, WorkflowRun
from runs.pages.readable import readable
from runs.pages.shapes import entry, route_words
from runs.pages.words import how_long

Json = Any
_DANGER = ("reject", "decline", "cancel", "no", "stop")


def _tone(label: str) -> str:
    return "danger" if label.casefold().startswith(_DANGER) else ""


def card(
    gate: Gate,
    *,
    can_answer: bool,
    people: People | None = None,
    why: str = "",
    mine: str | None = None,
    note: str = "",
    error: str = "",
    comment: str = "",
) -> dict[str, Json]:
    """One gate, with its buttons where the reader may press them; `why` not, and `mine`: what they chose before.
    With the project's `people` it says who is missing."""
    return {
        "id": gate.pk,
        "key": str(gate.pk),
        "kind": "question" if gate.is_question else "gate",
        "stage": gate.stage,
        "title": f"{gate.name} asks" if gate.is_question else gate.stage,
        "name": gate.name if gate.name != gate.stage and not gate.is_question else "",
        "message": readable(gate.message),
        "state": gate.status,
        "opened_at": gate.opened_at,
        "waited": how_long(gate.opened_at),
        "deadline": gate.deadline,
        "page_url": reverse("gate", args=[gate.pk]),
        "answer_url": reverse("gate-answer", args=[gate.pk]),
        "can_answer": can_answer,
        "why_not": why,
        "mine": mine or "",
        "options": [{"label": option["label"], "tone": _tone(option["label"])} for option in gate.options],
        "answer": _answer(gate),
        "reminded": gate.reminded,
        **_voices(gate, people),
        "short": "" if people is None else shortage(gate, people),
        "comment": comment,
        "note": note,
        "error": error,
    }


def _answer(gate: Gate) -> dict[str, Json] | None:
    answer = gate.answer
    if answer is None:
        return None
    shown = {**answer, "at": datetime.fromisoformat(answer["at"]), "by": answer["by"] or "the deadline"}
    if gate.status == GateStatus.EXPIRED.value:
        shown["option"] = "Expired" if gate.is_question else f"Expired: {answer['outcome'] or 'no outcome'}"
    elif answer["option"] is None:  # free text
        shown |= {"option": answer["comment"], "comment": ""}
    return shown


def _then(gate: Gate) -> str:
    """What happens when nobody answers in time."""
    if gate.deadline is None:
        return ""
    if gate.is_question:
        return f"Then {gate.name} goes on without an answer."
    hook = _outcome_of_deadline(gate)
    return f"Then the outcome is {hook}." if hook else "Then it goes on without an outcome."


def _outcome_of_deadline(gate: Gate) -> str | None:
    stage = next((one for one in frozen(gate.run.version_id).workflow.stages if one.name == gate.stage), None)
    _, edge, index = gate.key.split("/")
    hooks = (stage.entry_hooks if edge == "entry" else stage.exit_hooks) if stage else ()
    deadline = getattr(hooks[int(index)], "deadline", None) if int(index) < len(hooks) else None
    return deadline.outcome if deadline else None


def _voices(gate: Gate, people: People | None) -> dict[str, Json]:
    """Who is asked, who has answered, and how many it takes."""
    chosen = [voice["option"] for voice in gate.answers]
    best = max((chosen.count(option) for option in set(chosen)), default=0)
    return {
        "asked": asked_of(gate) if gate.approvers or not gate.starter_may_answer else "",
        "quorum": gate.quorum,
        "progress": f"{best} of {gate.quorum}" if gate.quorum > 1 else "",
        "voices": [{**voice, "at": datetime.fromisoformat(voice["at"])} for voice in gate.answers],
        "left": still_to_answer(gate, people) if gate.answers and gate.approvers and people is not None else "",
    }


def card_for(caller: Caller, gate: Gate, **told: str) -> dict[str, Json]:
    """The card as this reader sees it; `told` are note, error and comment."""
    why = why_not(caller, gate, role_of(caller, gate.run.project))
    mine = said_by(gate, caller.user.get_username())
    return card(gate, can_answer=not why, people=_people(gate), why=why, mine=mine, **told)


def _people(gate: Gate) -> People | None:
    """The members of the project, as long as it matters who can answer."""
    return people_in([gate.run.project_id]).get(gate.run.project_id, {}) if _is_open(gate) else None


def _is_open(gate: Gate) -> bool:
    return gate.status == GateStatus.OPEN.value


def cards_for(caller: Caller | None, run: WorkflowRun, gates: Sequence[Gate]) -> list[dict[str, Json]]:
    """The cards of gates of one run, with one look at who the reader is."""
    if not gates or caller is None:
        return [card(gate, can_answer=False) for gate in gates]
    role, name = role_of(caller, run.project), caller.user.get_username()
    for gate in gates:
        gate.run = run
    people = next((_people(gate) for gate in gates if _is_open(gate)), None)
    shown = []
    for gate in gates:
        why = why_not(caller, gate, role)
        shown.append(card(gate, can_answer=not why, people=people, why=why, mine=said_by(gate, name)))
    return shown


def gate_page(caller: Caller, gate: Gate, **told: str) -> dict[str, Json]:
    """The context of runs/gate.html: what is approved, and what each option leads to."""
    run = gate.run
    shown = card_for(caller, gate, **told)
    with_routes(gate, shown["options"])
    shown["then"] = _then(gate)
    if gate.status in (GateStatus.EXPIRED.value, GateStatus.CANCELLED.value) and not shown["note"]:
        shown["note"] = closed_message(gate)
    shown["evidence"] = [entry(key, value) for key, value in run.values.get("results", {}).items()]
    return {
        "run": {
            "workflow": run.workflow_name,
            "number": run.number,
            "url": reverse("run", args=[run.pk]),
            "dry": run.dry is not None,
        },
        "gate": shown,
        "live": {
            "socket_url": f"/ws/runs/{run.pk}",
            "sync_url": reverse("gate-sync", args=[gate.pk]),
            "seq": run.seq,
            "now": timezone.now(),
        },
    }


def with_routes(gate: Gate, options: Sequence[dict[str, Json]]) -> None:
    """Say of each option where it leads (see components/_route.html; None: the start of the stage)."""
    if gate.is_question:
        return
    stages = frozen(gate.run.version_id).workflow.stages
    index = next(place for place, stage in enumerate(stages) if stage.name == gate.stage)
    visits = gate.run.position.get("visits", {})
    for option, stored in zip(options, gate.options, strict=True):
        outcome = stored["outcome"]
        starts = "/entry/" in gate.key and outcome is None
        option["route"] = None if starts else route_words(stages[index], outcome, stages, index)
        option["note"] = _visit_note(stages[index], outcome, stages, visits)


def _visit_note(stage: StageSpec, outcome: str | None, stages: tuple[StageSpec, ...], visits: dict[str, int]) -> str:
    route = stage.routes.get(outcome) if outcome else None
    if route is None or isinstance(route, WorkflowRoute):
        return ""
    index = next((place for place, other in enumerate(stages) if other.name == route.stage), None)
    used = visits.get(str(index), 0) if index is not None else 0
    return f"visit {used + 1} of {stages[index].max_visits}" if index is not None and used else ""


def gate_rows(gates: Sequence[Gate]) -> list[dict[str, Json]]:
    """Gates as rows of a list, without buttons."""
    return [row(gate) for gate in gates]


def row(gate: Gate, why: str = "", mine: str | None = None, people: People | None = None) -> dict[str, Json]:
    """One gate as a row of a list."""
    shown = card(gate, can_answer=False, people=people, why=why, mine=mine)
    with_routes(gate, shown["options"])
    return {
        **shown,
        "url": shown["page_url"],
        "workflow": gate.run.workflow_name,
        "run_number": gate.run.number,
        "dry": gate.run.dry is not None,
        "run_url": reverse("run", args=[gate.run_id]),
        "project": gate.run.project.name,
    }
