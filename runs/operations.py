"""The one way in: every start of a run, whatever its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import IntegrityError
from django.utils import timezone

from builder.models import Workflow
from projects.errors import Conflict, Detail, Invalid
from runs import bell, fanout, store
from runs.children import new_child
from runs.errors import Refused
from runs.faults import crash_point
from runs.models import ScheduledStart, WorkflowRun
from runs.store import NewRun
from runs.targets import Target, check_size, find_target, stand_in_of, target_of

Json = Any
MAX_BATCH = 100
MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Start:
    """Who starts a run, how, and with what beside the input."""

    origin: str
    starter_id: int | None = None
    key: str | None = None
    metadata: dict[str, Json] = field(default_factory=dict)
    dry: Json = None  # how a dry run stands in (runs.dry_runs); None: a run in earnest


def start_run(workflow: Workflow, value: Json, start: Start, *, read_json: bool = False) -> tuple[WorkflowRun, bool]:
    """Start a run. Returns it, and whether it is new: the same idempotency key returns the first run.

    With `read_json`, text that is a JSON object is read as one where the workflow has an input schema.
    Raises Invalid (input or key), Conflict (archived) or NotSupported; then no run exists.
    """
    check_start(start)
    first = started_before(workflow, start)
    if first is not None:
        return first, False
    if start.dry is not None:
        target = stand_in_of(workflow, value, start.dry["root"], read_json=read_json)
    else:
        target = target_of(workflow, value, read_json=read_json)
    try:
        row = store.in_transaction(lambda: store.insert_runs([_new_run(workflow, target, start)], timezone.now())[0])
    except IntegrityError:
        # Both requests with one key arrived at once, and the other was first.
        first = started_before(workflow, start)
        if first is None:
            raise
        return first, False
    crash_point("run.committed")
    tell([row])
    return row, True


def started_before(workflow: Workflow, start: Start) -> WorkflowRun | None:
    """The run that the same idempotency key has started. Raises Conflict where one of both is a dry run."""
    first = WorkflowRun.objects.filter(workflow=workflow, key=start.key).first() if start.key is not None else None
    if first is not None and (first.dry is None) is not (start.dry is None):
        kind = "a run in earnest" if first.dry is None else "a dry run"
        raise Conflict(f"The idempotency key has started {kind} of {workflow.name}; use another key.")
    return first


def start_batch(workflow: Workflow, values: Sequence[Json], start: Start) -> list[WorkflowRun]:
    """Start up to 100 runs together: all of them, or none and every problem named."""
    if not 1 <= len(values) <= MAX_BATCH:
        raise Invalid(f"A batch takes 1 to {MAX_BATCH} inputs.", details=[Detail("inputs", f"{len(values)} given")])
    check_start(start)
    targets: list[Target] = []
    problems: list[Detail] = []
    for place, value in enumerate(values):
        try:
            targets.append(target_of(workflow, value))
        except Invalid as error:
            found = error.details or [Detail("input", error.message)]
            problems.extend(
                Detail(detail.path.replace("input", f"inputs[{place}]", 1), detail.message) for detail in found
            )
    if problems:
        raise Invalid("Some inputs do not fit; nothing was started.", details=problems)
    new = [_new_run(workflow, target, start) for target in targets]
    rows = store.in_transaction(lambda: store.insert_runs(new, timezone.now()))
    tell(rows)
    return rows


def check_start(start: Start) -> None:
    """Refuse a key or metadata out of bounds."""
    if start.key is not None and not 1 <= len(start.key) <= MAX_KEY:
        raise Invalid(
            "The idempotency key is out of bounds.", details=[Detail("Idempotency-Key", f"1 to {MAX_KEY} characters")]
        )
    check_size(start.metadata, "metadata")


def _new_run(workflow: Workflow, target: Target, start: Start) -> NewRun:
    return NewRun(
        project_id=workflow.project_id,
        workflow_id=target.workflow_id,
        workflow_name=target.name,
        version_id=target.version_id,
        version_number=target.version_number,
        input=target.input,
        origin=start.origin,
        starter_id=start.starter_id,
        key=start.key,
        metadata=start.metadata,
        dry=start.dry,
        id=uuid4(),
    )


def tell(rows: Sequence[WorkflowRun]) -> None:
    """Ring and tell after runs were started."""
    bell.ring([row.pk for row in rows])
    fanout.changed({row.pk: (row.project_id, row.seq) for row in rows})


def start_scheduled(row: ScheduledStart, now: datetime) -> None:
    """Start what an agent scheduled: checked again now, as deep as a start made at once would have been."""

    def work() -> WorkflowRun | None:
        held = store.lock(row.run_id)
        fresh = ScheduledStart.objects.select_for_update().get(pk=row.pk)
        if held is None or fresh.status != "pending":
            return None
        parent = held.row
        try:
            target = find_target(parent.project_id, parent.lineage, row.workflow_name, row.context, dry=parent.dry)
        except Refused as refused:
            store.settle_scheduled(row.pk, child=None, error=refused.message)
            return None
        key = f"scheduled/{row.pk}"
        new = new_child(parent, target, key, "agent")
        child = store.insert_runs([new], now)[0]
        store.settle_scheduled(row.pk, child=child.pk, error=None)
        return child

    child = store.in_transaction(work)
    if child is not None:
        tell([child])
