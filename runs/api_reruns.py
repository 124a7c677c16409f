"""REST: running a finished run again, and telling a run something."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Status
from pydantic import Field

from projects.access import Role
from projects.rest import ERRORS, StrictSchema
from runs import api_shapes as shapes
from runs import control, queries
from runs.models import WorkflowRun
from runs.operations import Start
from runs.reruns import Choice, rerun, retry

router = Router(tags=["runs"])


class RetryBody(StrictSchema):
    """`version`: the workflow as it stands now (current) or as the old run had it (same). `run_again`: ids of runs that
    kept stages had waited for; they are run again, all other results are reused."""

    version: Literal["current", "same"] = "current"
    run_again: Annotated[list[UUID], Field(max_length=100)] = []


class RerunBody(RetryBody):
    """`from_stage`: the stage to begin at, by name; the results of the visits before its latest one are kept. Null: the
    whole run."""

    from_stage: str | None = None


class MessageBody(StrictSchema):
    """What the agents are told."""

    text: str


Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


@router.post(
    "/runs/{run_id}/retry",
    response={200: shapes.RunOut, 201: shapes.RunOut, **ERRORS},
    summary="Retry a failed run from the stage that failed",
)
def retry_run(request: HttpRequest, run_id: str, body: RetryBody | None = None, idempotency_key: Key = None) -> Any:
    """201 with a new run that keeps the results of the earlier stages; the failed run stays as it is. 409 when the run
    has not failed."""
    asked = body or RetryBody()
    old, start = _asked(request, run_id, "retry", idempotency_key)
    return _shown(*retry(old, Choice(None, asked.version, tuple(asked.run_again)), start))


@router.post(
    "/runs/{run_id}/rerun",
    response={200: shapes.RunOut, 201: shapes.RunOut, **ERRORS},
    summary="Run a finished run again, whole or from a stage",
)
def rerun_run(request: HttpRequest, run_id: str, body: RerunBody | None = None, idempotency_key: Key = None) -> Any:
    """201 with a new run, a root run of the same input; the old one stays as it is. 409 when the run has not finished,
    or the stage is not in the chosen version."""
    asked = body or RerunBody()
    old, start = _asked(request, run_id, "rerun", idempotency_key)
    return _shown(*rerun(old, Choice(asked.from_stage, asked.version, tuple(asked.run_again)), start))


def _asked(request: HttpRequest, run_id: str, origin: str, key: str | None) -> tuple[WorkflowRun, Start]:
    caller = request.auth  # type: ignore[attr-defined]
    return queries.run_for(caller, run_id, Role.OPERATOR), Start(origin, caller.user.pk, key)


def _shown(row: WorkflowRun, new: bool) -> Any:
    return Status(201 if new else 200, queries.run_json(_fresh(row)))


def _fresh(row: WorkflowRun) -> WorkflowRun:
    return queries.with_version(WorkflowRun.objects.all()).get(pk=row.pk)


@router.post("/runs/{run_id}/messages", response={200: shapes.RunOut, **ERRORS}, summary="Send a message to a run")
def send_message(request: HttpRequest, run_id: str, body: MessageBody) -> Any:
    """The agents at work see it at their next turn. 409 when the run has ended."""
    caller = request.auth  # type: ignore[attr-defined]
    run = queries.run_for(caller, run_id, Role.OPERATOR)
    control.send_message(run.pk, body.text, by=caller.user.get_username())
    return queries.run_json(_fresh(run))
