"""Gates as cards on the run page, as the inbox, and as the approval page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from builder.publish import frozen
from builder.spec import StageSpec, WorkflowRoute
from projects.access import Caller, visible_projects
from runs.engine.status import GateStatus
from runs.models import Gate
from runs.pages.shapes import entry, route_words
from runs.pages.words import how_long

Json = Any
_DANGER = ("reject", "decline", "cancel", "no", "stop")


def _tone(label: str) -> str:
    return "danger" if label.casefold().startswith(_DANGER) else ""


def card(gate: Gate, *, can_answer: bool, note: str = "", error: str = "", comment: str = "") -> dict[str, Json]:
    """One gate, with its buttons where the reader may press them."""
    answer = gate.answer
    shown = (
        {**answer, "at": datetime.fromisoformat(answer["at"]), "by": answer["by"] or "the deadline"} if answer else None
    )
    if shown is not None and shown["option"] is None:
        shown["option"] = f"Expired: {shown['outcome'] or 'no outcome'}"
    return {
        "id": gate.pk,
        "stage": gate.stage,
        "name": gate.name if gate.name != gate.stage else "",
        "message": gate.message,
        "state": gate.status,
        "opened_at": gate.opened_at,
        "waited": how_long(gate.opened_at),
        "deadline": gate.deadline,
        "page_url": reverse("gate", args=[gate.pk]),
        "answer_url": reverse("gate-answer", args=[gate.pk]),
        "can_answer": can_answer,
        "options": [{"label": option["label"], "tone": _tone(option["label"])} for option in gate.options],
        "answer": shown,
        "comment": comment,
        "note": note,
        "error": error,
    }


def gate_page(gate: Gate, *, can_answer: bool, note: str = "", error: str = "", comment: str = "") -> dict[str, Json]:
    """The context of runs/gate.html: what is approved, and what each option leads to."""
    run = gate.run
    stages = frozen(run.version_id).workflow.stages
    index = next(place for place, stage in enumerate(stages) if stage.name == gate.stage)
    shown = card(gate, can_answer=can_answer, note=note, error=error, comment=comment)
    visits = run.position.get("visits", {})
    for option, stored in zip(shown["options"], gate.options, strict=True):
        outcome = stored["outcome"]
        entry_gate = "/entry/" in gate.key and outcome is None
        option["route"] = None if entry_gate else route_words(stages[index], outcome, stages, index)
        option["note"] = _visit_note(stages[index], outcome, stages, visits)
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


def _visit_note(stage: StageSpec, outcome: str | None, stages: tuple[StageSpec, ...], visits: dict[str, int]) -> str:
    route = stage.routes.get(outcome) if outcome else None
    if route is None or isinstance(route, WorkflowRoute):
        return ""
    index = next((place for place, other in enumerate(stages) if other.name == route.stage), None)
    used = visits.get(str(index), 0) if index is not None else 0
    return f"visit {used + 1} of {stages[index].max_visits}" if index is not None and used else ""


def inbox(caller: Caller) -> dict[str, Json]:
    """The context of runs/approvals.html: the caller's open gates, oldest first, and the latest answers."""
    projects = list(visible_projects(caller))
    rows = Gate.objects.filter(run__project__in=projects).select_related("run__project")
    waiting = list(rows.filter(status=GateStatus.OPEN.value).order_by("opened_at")[:200])
    answered = list(rows.filter(status=GateStatus.ANSWERED.value).order_by("-closed_at")[:10])
    live = {"socket_url": "/ws/approvals", "sync_url": reverse("approvals-sync"), "seq": 0, "now": timezone.now()}
    return {"gates": gate_rows(waiting), "answered": gate_rows(answered), "live": live}


def gate_rows(gates: Sequence[Gate]) -> list[dict[str, Json]]:
    """Gates as rows of the inbox."""
    return [_row(gate) for gate in gates]


def _row(gate: Gate) -> dict[str, Json]:
    shown = card(gate, can_answer=False)
    return {
        **shown,
        "url": shown["page_url"],
        "workflow": gate.run.workflow_name,
        "run_number": gate.run.number,
        "dry": gate.run.dry is not None,
        "run_url": reverse("run", args=[gate.run_id]),
        "project": gate.run.project.name,
    }


def open_count(caller: Caller) -> int:
    """How many gates wait in the caller's projects, for the bell in the top bar."""
    return _open_gates(caller).count()


def open_ids(caller: Caller) -> frozenset[UUID]:
    """Which gates wait in the caller's projects."""
    return frozenset(_open_gates(caller).values_list("pk", flat=True))


def _open_gates(caller: Caller) -> QuerySet[Gate]:
    return Gate.objects.filter(status=GateStatus.OPEN.value, run__project__in=visible_projects(caller))
