"""Looking up the gate that somebody answers: one statement, and no more of it than whoever may answer depends on."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from projects import rows
from projects.access import Caller, Role, narrowed, require_role
from projects.errors import NotFound
from runs.models import Gate, WorkflowRun
from runs.queries import NO_GATE, as_uuid

M = TypeVar("M", bound=Model)

_SQL = (
    "SELECT gate.key, run.id, run.project_id, run.starter_id, member.role FROM runs_gate gate "
    "JOIN runs_workflowrun run ON run.id = gate.run_id "
    "LEFT JOIN projects_member member ON member.project_id = run.project_id AND member.user_id = %s "
    "WHERE gate.id = %s"
)


def gate_to_answer(caller: Caller, gate_id: str) -> tuple[Gate, Role]:
    """The gate, and the caller's role in its project. Raises NotFound or Forbidden as `queries.gate_for` does.

    What else somebody asks of the gate or its run, Django reads then.
    """
    wanted = as_uuid(gate_id)
    found = rows.query(_SQL, [caller.user.pk, rows.key(wanted)])
    if not found:
        raise NotFound(NO_GATE)
    key, run_id, project_id, starter_id, membership = found[0]
    role = require_role(narrowed(caller, project_id, membership), Role.OPERATOR, missing=NO_GATE)
    run = _part(WorkflowRun, id=UUID(str(run_id)), project_id=project_id, starter_id=starter_id)
    gate = _part(Gate, id=wanted, key=key, run_id=run.pk)
    gate.run = run
    return gate, role


def _part(model: type[M], **known: Any) -> M:
    """A row of which only this is known."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname in known]
    return model.from_db(DEFAULT_DB_ALIAS, names, [known[name] for name in names])
