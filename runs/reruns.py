"""Running a finished run again: whole, from a stage with the earlier results kept, or from the stage that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID, uuid4

from django.db import IntegrityError
from django.utils import timezone

from builder.models import Workflow
from builder.publish import frozen
from builder.queries import with_version
from projects.errors import BatonError, Conflict, Detail, Invalid
from runs import store
from runs.engine.beside import Again
from runs.engine.rerun import OldRun, Visit, first_entry, kept_positions, starting_state, values_before
from runs.engine.state import Values, values_to_json
from runs.engine.status import FINAL_RUN, CallStatus, RunStatus
from runs.errors import WrongState
from runs.models import AgentRun, Event, Gate, StageRun, WorkflowCall, WorkflowRun
from runs.operations import Start, check_start, started_before, tell
from runs.rerun_links import link_of
from runs.store import Keeps, NewRun
from runs.targets import Target, check_live, target_of

Json = Any
Which = Literal["current", "same"]
_LOGGED = ("results.shared", "workflow.returned")


@dataclass(frozen=True, slots=True)
class Choice:
    """How a run is run again: `stage` is where it begins (None: whole), `version` the workflow as it stands now or as
    the old run had it, `run_again` the children of kept stages whose results are not reused."""

    stage: str | None = None
    version: Which = "current"
    run_again: tuple[UUID, ...] = ()


def rerun(old: WorkflowRun, choice: Choice, start: Start) -> tuple[WorkflowRun, bool]:
    """Run a finished run again as a new root run. Returns it, and whether it is new (idempotency key).

    Raises WrongState (not finished), Conflict (the stage or the workflow is gone) or Invalid (no such stage or child);
    then no run exists.
    """
    if RunStatus(old.status) not in FINAL_RUN:
        raise WrongState(f"The run is {old.status}; a finished run was wanted.")
    workflow = _workflow_of(old)
    check_start(start)
    first = started_before(workflow, start)
    if first is not None:
        return first, False
    new, keeps = _prepared(old, workflow, choice, start)
    try:
        row = store.in_transaction(lambda: store.insert_rerun(new, old, choice.stage, keeps, timezone.now()))
    except IntegrityError:
        first = started_before(workflow, start)
        if first is None:
            raise
        return first, False
    tell([row])
    return row, True


def _prepared(old: WorkflowRun, workflow: Workflow, choice: Choice, start: Start) -> tuple[NewRun, Keeps | None]:
    target = _target(workflow, old, choice)
    new = _new_run(old, target, start)
    keeps = None if choice.stage is None else _keeps(old, target, choice, choice.stage)
    if choice.stage is None and choice.run_again:
        raise _unknown_children(choice.run_again)
    return replace(new, told=_told(old, choice, keeps)), keeps


def retry(old: WorkflowRun, choice: Choice, start: Start) -> tuple[WorkflowRun, bool]:
    """Run a failed run again from the stage that failed. Raises what `rerun` raises, and WrongState if it has not."""
    if old.status != RunStatus.FAILED.value:
        raise WrongState(f"The run is {old.status}; a failed run was wanted.")
    return rerun(old, replace(choice, stage=failed_stage(old)), start)


def why_no_retry(old: WorkflowRun, stage: str | None) -> str:
    """Why a retry of a run from `stage`, which is its failed one, would be refused as things are; an empty text where
    it would not be. Starts nothing."""
    if old.status != RunStatus.FAILED.value:
        return f"It is {old.status}; only a failed run is retried."
    try:
        _prepared(old, _workflow_of(old), Choice(stage), Start("retry"))
    except BatonError as error:
        return error.message
    return ""


def failed_stage(run: WorkflowRun) -> str | None:
    """The stage at which a failed run ended; None where it had not entered any."""
    return StageRun.objects.filter(run=run).order_by("-entry").values_list("name", flat=True).first()


def _workflow_of(old: WorkflowRun) -> Workflow:
    found = with_version(Workflow.objects.all())
    workflow = found.filter(pk=old.workflow_id).first() if old.workflow_id is not None else None
    if workflow is None:
        raise Conflict(f"The workflow {old.workflow_name} has been deleted; its runs cannot be run again.")
    return workflow


def _target(workflow: Workflow, old: WorkflowRun, choice: Choice) -> Target:
    # What stands in for a workflow in a dry run is a version of that dry run alone.
    if choice.version == "current" and old.dry is None:
        return target_of(workflow, old.input)
    check_live(workflow)
    return Target(workflow.pk, old.workflow_name, old.version_id, old.version.number, old.input)


def _new_run(old: WorkflowRun, target: Target, start: Start) -> NewRun:
    return NewRun(
        project_id=old.project_id,
        workflow_id=target.workflow_id,
        workflow_name=target.name,
        version_id=target.version_id,
        version_number=target.version_number,
        input=target.input,
        origin=start.origin,
        starter_id=start.starter_id,
        key=start.key,
        metadata=old.metadata,
        dry=old.dry,
        id=uuid4(),
    )


def _told(old: WorkflowRun, choice: Choice, keeps: Keeps | None) -> dict[str, Json]:
    """What the first event of the log says beside the input: the kept part is not told by any later one."""
    told: dict[str, Json] = {"rerun_of": str(old.pk), "rerun_of_number": old.number, "from_stage": choice.stage}
    if keeps is not None:
        told["kept"] = {"visits": len(keeps.positions), "values": values_to_json(keeps.state.values)}
    return told


# What is kept


def _keeps(old: WorkflowRun, target: Target, choice: Choice, stage: str) -> Keeps:
    now = frozen(target.version_id)
    _check_stage(old, target, stage)
    visits = _visits(old)
    entry = first_entry(visits, stage)
    values = _values(old, entry)
    before = [visit for visit in visits if visit.entry < entry]
    positions = kept_positions(before, now)
    again = _run_again(old, positions, choice.run_again)
    state = starting_state(old.input, positions, entry, now.stage_index(stage), values, again)
    return Keeps(state, positions, frozenset(call.key for call in again))


def _check_stage(old: WorkflowRun, target: Target, stage: str) -> None:
    names = [each.name for each in frozen(target.version_id).workflow.stages]
    if stage in names:
        return
    if stage in (each.name for each in frozen(old.version_id).workflow.stages):
        raise Conflict(
            f"The stage {stage} is not in version {target.version_number} of {target.name}, which is the current one; "
            f"it is in version {old.version.number}, which run #{old.number} had.",
            details=[Detail("from_stage", f"choose the version of run #{old.number}, or one of: {', '.join(names)}")],
        )
    raise Invalid(
        f"{old.workflow_name} has no stage {stage!r}.", details=[Detail("from_stage", f"one of: {', '.join(names)}")]
    )


def _visits(old: WorkflowRun) -> list[Visit]:
    texts: dict[UUID, list[str | None]] = {}
    for stage_run, text in AgentRun.objects.filter(run=old).order_by("position").values_list("stage_run_id", "text"):
        texts.setdefault(stage_run, []).append(text)
    rows = StageRun.objects.filter(run=old).order_by("entry")
    return [Visit(row.entry, row.name, row.position, tuple(texts.get(row.pk, ()))) for row in rows]


def _values(old: WorkflowRun, entry: int) -> Values:
    """What the run knew before a visit. Visits that it had kept itself are looked up where they took place."""
    link = link_of(old)
    kept = link.kept if link is not None else 0
    if link is not None and entry <= kept:
        if link.of is None:
            raise Conflict(
                f"Run #{link.of_number}, of which run #{old.number} keeps this stage, has been deleted; "
                "choose a later stage, or run the whole workflow again."
            )
        return _values(link.of, entry)
    start = _began_with(old) if kept else Values()
    known = old.values.get("workflows", {})
    old_run = OldRun(
        frozen=frozen(old.version_id),
        visits=[visit for visit in _visits(old) if visit.entry < entry],
        log=_log(old, entry),
        answers=_answers(old, entry),
        known=frozenset(known),
        start=start,
    )
    return values_before(old_run)


def _began_with(old: WorkflowRun) -> Values:
    """What a re-run knew from the beginning, as the first event of its log has it."""
    first = Event.objects.filter(run=old, kind="run.started").order_by("seq").values_list("data", flat=True).first()
    values = (first or {}).get("kept", {}).get("values")
    return Values(**values) if values else Values()


def _log(old: WorkflowRun, entry: int) -> list[tuple[str, Json]]:
    events = Event.objects.filter(run=old).order_by("seq")
    began = events.filter(kind="stage.started", data__entry=entry).values_list("seq", flat=True).first()
    if began is not None:
        events = events.filter(seq__lt=began)
    return list(events.filter(kind__in=_LOGGED).values_list("kind", "data"))


def _answers(old: WorkflowRun, entry: int) -> Mapping[str, Json]:
    rows = Gate.objects.filter(
        run=old, agent_run__isnull=True, stage_run__entry__lt=entry, answer__isnull=False
    ).values_list("key", "answer")
    return dict(rows)


# Children of the kept part


def kept_calls(old: WorkflowRun, before: Sequence[int]) -> list[WorkflowCall]:
    """The calls of these visits (numbers) that were waited for and started a run: each can be made again."""
    calls = WorkflowCall.objects.filter(run=old, child__isnull=False).exclude(status=CallStatus.STARTED.value)
    found = calls.select_related("child", "agent_run__stage_run").order_by("since")
    return [call for call in found if call.child and visit_of(call) in before]


def choosable(old: WorkflowRun) -> list[WorkflowCall]:
    """All calls of a run that a re-run may make again, depending on where it begins."""
    return kept_calls(old, [visit.entry for visit in _visits(old)])


def children_before(old: WorkflowRun, stage: str | None) -> list[WorkflowCall]:
    """Those of them that a re-run from `stage` keeps; none where the whole run begins again."""
    if stage is None:
        return []
    visits = _visits(old)
    entry = first_entry(visits, stage)
    return kept_calls(old, [visit.entry for visit in visits if visit.entry < entry])


def visit_of(call: WorkflowCall) -> int:
    """The number of the visit that made a call: "route/ENTRY", or "ENTRY/POSITION/TURN/INDEX"."""
    parts = call.key.split("/")
    return int(parts[1] if parts[0] == "route" else parts[0])


def _run_again(old: WorkflowRun, positions: Mapping[int, int], chosen: Sequence[UUID]) -> tuple[Again, ...]:
    if not chosen:
        return ()
    calls = {call.child_id: call for call in kept_calls(old, list(positions))}
    unknown = [child for child in chosen if child not in calls]
    if unknown:
        raise _unknown_children(unknown)
    return tuple(_again(call, positions[visit_of(call)]) for child, call in calls.items() if child in set(chosen))


def _again(call: WorkflowCall, stage: int) -> Again:
    assert call.child is not None  # kept_calls names no other
    agent = call.agent_run.key if call.agent_run else None
    timeout = (call.until - call.since).total_seconds() if call.until else None
    return Again(call.key, stage, call.workflow_name, call.child.input, agent, timeout)


def _unknown_children(children: Sequence[UUID]) -> Invalid:
    told = [Detail("run_again", f"{child} is no run that a kept stage waited for") for child in children]
    return Invalid("Only children of kept stages can be run again.", details=told)
