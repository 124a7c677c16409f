"""The inbox: what waits for one person, what waits for others, and how many the bell in the top bar counts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from projects.access import Caller, Role, visible_projects
from projects.approvers import people_in
from projects.queries import roles_of
from runs.approvers import said_by, why_not
from runs.engine.status import GateStatus
from runs.light_rows import NOT_OVER
from runs.models import Gate
from runs.pages.gates import gate_rows, row

Json = Any
_SHOWN = 200
_COUNTED = 500
# What decides whether a gate waits for somebody: the count is on every page, and runs are large.
_HEAVY = ("run__values", "run__input", "run__result", "run__metadata", "run__warnings")
_NEEDED = ("approvers", "starter_may_answer", "answers", "reminded", "run__starter", "run__project")


def inbox(caller: Caller) -> dict[str, Json]:
    """The context of runs/approvals.html, oldest first, and the latest answers."""
    shown = ("run__project", "run__starter")
    rows = Gate.objects.filter(run__project__in=visible_projects(caller)).select_related(*shown).defer(*_HEAVY)
    roles, name = roles_of(caller), caller.user.get_username()
    mine: list[dict[str, Json]] = []
    others: list[dict[str, Json]] = []
    found = list(_open_gates(caller).select_related(*shown).defer(*_HEAVY).order_by("opened_at")[:_SHOWN])
    people = people_in({gate.run.project_id for gate in found})
    for gate in found:
        why, said = _why_not(caller, gate, roles), said_by(gate, name)
        (others if why or said else mine).append(row(gate, why, said, people.get(gate.run.project_id, {})))
    answered = list(rows.filter(status=GateStatus.ANSWERED.value).order_by("-closed_at")[:10])
    live = {"socket_url": "/ws/approvals", "sync_url": reverse("approvals-sync"), "seq": 0, "now": timezone.now()}
    return {"gates": mine, "others": others, "answered": gate_rows(answered), "live": live}


def _why_not(caller: Caller, gate: Gate, roles: dict[int, str]) -> str:
    role = roles.get(gate.run.project_id)
    return why_not(caller, gate, Role(role) if role else None)


def waiting(caller: Caller) -> tuple[frozenset[tuple[UUID, int, int]], int]:
    """What the inbox shows as open (ids, with how many answers and reminders), and how many of it waits for them."""
    roles, name = roles_of(caller), caller.user.get_username()
    gates = list(_open_gates(caller).select_related("run").only(*_NEEDED)[:_COUNTED])
    mine = sum(1 for gate in gates if not _why_not(caller, gate, roles) and said_by(gate, name) is None)
    return frozenset((gate.pk, len(gate.answers), gate.reminded) for gate in gates), mine


def open_count(caller: Caller) -> int:
    """How many gates and questions wait for this very person, for the bell in the top bar."""
    return waiting(caller)[1]


def _open_gates(caller: Caller) -> QuerySet[Gate]:
    # The state of the run says nothing more, but lets the database begin with the few runs that are not over.
    waiting = {"status": GateStatus.OPEN.value, "run__status__in": NOT_OVER}
    return Gate.objects.filter(run__project__in=visible_projects(caller), **waiting)
