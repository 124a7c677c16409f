"""The run and gate calls of the REST API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from builder.queries import workflow_for
from projects.access import Caller, Role, project_for
from projects.rest import ERRORS, page
from runs import api_shapes as shapes
from runs import control, queries
from runs.agent_work import work_of
from runs.answering import gate_to_answer
from runs.dry_runs import dry_run
from runs.engine.status import GateStatus, RunStatus
from runs.exercised import routes_of
from runs.fanout import run_ended
from runs.models import Gate, WorkflowRun
from runs.operations import Start, start_batch, start_run
from runs.pages.taken import route_json
from runs.why import why

router = Router(tags=["runs"])
Json = Any

WaitSeconds = Annotated[
    int, Query(ge=0, le=300, description="Seconds to wait for the end of the run; it holds nothing meanwhile.")
]
Limit = Annotated[int, Query(ge=1, le=500)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


def _caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined,no-any-return]


def _origin(caller: Caller) -> str:
    return "api" if caller.token is not None else "manual"


@router.post(
    "/projects/{p}/workflows/{w}/runs",
    response={200: shapes.RunOut, 201: shapes.RunOut, 202: shapes.RunOut, **ERRORS},
    summary="Start a run",
)
def start(
    request: HttpRequest,
    p: str,
    w: str,
    body: shapes.StartBody | None = None,
    wait: WaitSeconds = 0,
    idempotency_key: Key = None,
) -> Any:
    """201 with the run; 200 with the first run where the key is known; 202 when asked to wait and not over."""
    shown, new = _start(_caller(request), p, w, body or shapes.StartBody(), idempotency_key)
    return _started(shown, new, wait)


def _started(shown: dict[str, Json], new: bool, wait: int) -> Any:
    if wait:
        ended = async_to_sync(run_ended)(UUID(shown["id"]), wait)  # a client that leaves cancels it
        shown = _shown(shown["id"])
        if not ended:
            return Status(202, shown)
    return Status(201 if new else 200, shown)


def _start(caller: Caller, p: str, w: str, body: shapes.StartBody, key: str | None) -> tuple[dict[str, Json], bool]:
    workflow = workflow_for(caller, p, w, Role.OPERATOR)
    row, new = start_run(workflow, body.input, Start(_origin(caller), caller.user.pk, key, body.metadata))
    if not new or workflow.current_version is None:
        return _shown(row.pk), new
    row.project, row.version = workflow.project, workflow.current_version  # as they were read just now
    return queries.run_json(row), new


@router.post(
    "/projects/{p}/workflows/{w}/dry-runs",
    response={200: shapes.RunOut, 201: shapes.RunOut, 202: shapes.RunOut, **ERRORS},
    summary="Start a dry run",
)
def start_dry(
    request: HttpRequest,
    p: str,
    w: str,
    body: shapes.DryStartBody | None = None,
    wait: WaitSeconds = 0,
    idempotency_key: Key = None,
) -> Any:
    """The workflow through the same engine with scripted stand-ins for its agents, mocks of what it triggers, and the
    outcomes that the plan chooses. It asks no provider and reaches nobody outside. Answers like the start of a run."""
    shown, new = _start_dry(_caller(request), p, w, body or shapes.DryStartBody(), idempotency_key)
    return _started(shown, new, wait)


def _start_dry(
    caller: Caller, p: str, w: str, body: shapes.DryStartBody, key: str | None
) -> tuple[dict[str, Json], bool]:
    workflow = workflow_for(caller, p, w, Role.OPERATOR)
    start = Start(_origin(caller), caller.user.pk, key, body.metadata)
    row, new = dry_run(caller, workflow, body.plan, body.input, start)
    return _shown(row.pk), new


def _shown(run_id: Any) -> dict[str, Json]:
    return queries.run_json(queries.with_version(WorkflowRun.objects.all()).get(pk=run_id))


@router.get(
    "/projects/{p}/workflows/{w}/routes",
    response={200: shapes.RoutesOut, **ERRORS},
    summary="Which routes of a workflow were ever taken",
)
def routes(request: HttpRequest, p: str, w: str) -> Any:
    """Every outcome of every stage as it stands, and whether any run, in earnest or dry, has followed its route."""
    workflow = workflow_for(_caller(request), p, w, Role.VIEWER)
    return {"items": [route_json(one) for one in routes_of(workflow)]}


@router.post(
    "/projects/{p}/workflows/{w}/runs/batch",
    response={201: shapes.RunsOut, **ERRORS},
    summary="Start up to 100 runs together",
)
def batch(request: HttpRequest, p: str, w: str, body: shapes.BatchBody) -> Any:
    """Start them all, or none and every problem named."""
    caller = _caller(request)
    workflow = workflow_for(caller, p, w, Role.OPERATOR)
    rows = start_batch(workflow, body.inputs, Start(_origin(caller), caller.user.pk))
    fresh = queries.with_version(WorkflowRun.objects.filter(pk__in=[row.pk for row in rows]))
    return Status(201, {"items": queries.runs_json(list(fresh.order_by("number")))})


@router.get(
    "/projects/{p}/runs", response={200: shapes.RunPage, **ERRORS}, summary="List the runs of a project, newest first"
)
def list_runs(
    request: HttpRequest,
    p: str,
    status: RunStatus | None = None,
    workflow: str | None = None,
    origin: str | None = None,
    since: datetime | None = None,
    dry: bool | None = None,
    key: str | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Any:
    """Filtered by status, workflow (its name), origin, since (ISO 8601), dry and idempotency key."""
    project = project_for(_caller(request), p, Role.VIEWER)
    rows = queries.runs_of(
        project,
        status=status.value if status else None,
        workflow=workflow,
        origin=origin,
        since=since,
        dry=dry,
        key=key,
    )
    return page(rows, cursor=cursor, limit=limit, order="-created_at", render_all=queries.runs_json)


@router.get("/runs/{run_id}", response={200: shapes.RunOut, **ERRORS}, summary="One run")
def get_run(request: HttpRequest, run_id: str) -> Any:
    """The run with its stages, what it waits for, and its result."""
    return queries.run_json(queries.run_for(_caller(request), run_id))


@router.get("/runs/{run_id}/events", response={200: shapes.EventPage, **ERRORS}, summary="The log of a run")
def events(
    request: HttpRequest,
    run_id: str,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 100,
    cursor: str | None = None,
) -> Any:
    """Events after a number, oldest first. `next` continues it, as `cursor`."""
    run = queries.run_for(_caller(request), run_id)
    return queries.events_of(run, after=queries.event_cursor(cursor, after), limit=limit)


@router.get(
    "/runs/{run_id}/tree", response={200: shapes.TreeOut, **ERRORS}, summary="A run and everything it triggered"
)
def tree(request: HttpRequest, run_id: str) -> Any:
    """Flat, the asked run first."""
    return {"items": queries.tree_of(queries.run_for(_caller(request), run_id))}


@router.get("/runs/{run_id}/why", response={200: shapes.WhyOut, **ERRORS}, summary="Why a run is waiting")
def why_waiting(request: HttpRequest, run_id: str) -> Any:
    """The chain through agents, children and gates to the last cause."""
    return {"chain": why(queries.run_for(_caller(request), run_id))}


@router.get(
    "/runs/{run_id}/agents/{agent_run}",
    response={200: shapes.AgentWorkOut, **ERRORS},
    summary="One agent's work in a run",
)
def agent_work(request: HttpRequest, run_id: str, agent_run: str) -> Any:
    """What it was sent, what it answered, its tools, tokens and cost."""
    return work_of(queries.run_for(_caller(request), run_id), agent_run)


@router.post("/runs/{run_id}/cancel", response={200: shapes.RunOut, **ERRORS}, summary="Cancel a run")
def cancel(request: HttpRequest, run_id: str, body: shapes.CancelBody | None = None) -> Any:
    """Cancel it and, by default, the children it waits for. 409 when it has ended."""
    caller = _caller(request)
    run = queries.run_for(caller, run_id, Role.OPERATOR)
    control.cancel_started_run(run.pk, by=caller.user.get_username(), cascade=body.cascade if body else True)
    return _shown(run.pk)


@router.post(
    "/runs/{run_id}/pause", response={200: shapes.RunOut, **ERRORS}, summary="Pause a run at its next boundary"
)
def pause(request: HttpRequest, run_id: str, body: shapes.EmptyBody | None = None) -> Any:
    """Turns in flight are finished and kept; nothing new starts. 409 when it has ended or is paused."""
    caller = _caller(request)
    run = queries.run_for(caller, run_id, Role.OPERATOR)
    control.pause_run(run.pk, by=caller.user.get_username())
    return _shown(run.pk)


@router.post("/runs/{run_id}/resume", response={200: shapes.RunOut, **ERRORS}, summary="Let a paused run go on")
def resume(request: HttpRequest, run_id: str, body: shapes.EmptyBody | None = None) -> Any:
    """409 when it is not paused."""
    caller = _caller(request)
    run = queries.run_for(caller, run_id, Role.OPERATOR)
    control.resume_run(run.pk, by=caller.user.get_username())
    return _shown(run.pk)


@router.get(
    "/projects/{p}/gates",
    response={200: shapes.GatePage, **ERRORS},
    tags=["gates"],
    summary="List the gates of a project",
)
def list_gates(
    request: HttpRequest, p: str, status: GateStatus | None = None, cursor: str | None = None, limit: Limit = 50
) -> Any:
    """Filtered by status; oldest first."""
    project = project_for(_caller(request), p, Role.VIEWER)
    rows = Gate.objects.filter(run__project=project)
    if status is not None:
        rows = rows.filter(status=status.value)
    return page(rows, cursor=cursor, limit=limit, order="opened_at", render=queries.gate_json)


@router.get("/gates/{gate_id}", response={200: shapes.GateOut, **ERRORS}, tags=["gates"], summary="One gate")
def get_gate(request: HttpRequest, gate_id: str) -> Any:
    """What it asks, its options, and its answer. Reading never decides."""
    return queries.gate_json(queries.gate_for(_caller(request), gate_id))


@router.post(
    "/gates/{gate_id}/answer", response={200: shapes.GateOut, **ERRORS}, tags=["gates"], summary="Answer a gate"
)
def answer(request: HttpRequest, gate_id: str, body: shapes.AnswerBody) -> Any:
    """The first answer wins; where a gate takes several persons, the option that so many chose. 409 with who answered
    what and when; 403 for somebody who is not asked; 422 for an option that is not offered."""
    caller = _caller(request)
    gate, role = gate_to_answer(caller, gate_id)
    given = control.Answer(body.option, body.comment, caller, "api" if caller.token else "inbox")
    return queries.gate_json(control.answer_gate(gate, given, role))
