"""The run page: one snapshot, read at once, from which the page and every fragment of it are rendered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from runs.engine.status import FINAL_RUN, CallStatus, GateStatus, RunStatus
from runs.models import Event, Gate, WorkflowCall, WorkflowRun
from runs.pages import gates as gate_pages
from runs.pages.looks import Look, run_looks
from runs.pages.shapes import entry
from runs.pages.stages import Parts, stages
from runs.pages.words import event_row, origin_text

Json = Any
TIMELINE = 200  # events on the page; older ones come by scrolling
_NEWS = timedelta(seconds=30)
_FULL = 500  # a page that is further behind gets the timeline anew


def run_url(run_id: UUID | str) -> str:
    """The page of a run."""
    return reverse("run", args=[run_id])


def page(run: WorkflowRun, *, can_control: bool, since: int | None = None) -> dict[str, Json]:
    """The context of runs/run.html; with `since`, that of runs/_sync.html (events after it only)."""
    run.refresh_from_db()
    events = _events(run, since)
    gates = list(Gate.objects.filter(run=run).order_by("opened_at"))
    calls = list(WorkflowCall.objects.filter(run=run).select_related("child").order_by("since"))
    shown = [gate_pages.card(gate, can_answer=can_control) for gate in gates if _is_news(gate)]
    looks = run_looks([run, *(call.child for call in calls if call.child is not None)])
    behind = since is not None and run.seq - since > _FULL
    return {
        "project": {"name": run.project.name, "url": reverse("project", args=[run.project.slug])},
        "run": _bar(run, looks[run.pk], calls, can_control),
        "gates": shown,
        "stages": stages(Parts(run, gates, calls, looks)),
        "events": [event_row(event, run_url) for event in events],
        "older_url": _older(run, events) if since is None or behind else "",
        "result": _result(run),
        "warnings": run.warnings,
        "error": run.error,
        "live": {
            "socket_url": f"/ws/runs/{run.pk}",
            "sync_url": reverse("run-sync", args=[run.pk]),
            "seq": run.seq,
            "now": timezone.now(),
        },
        "full": behind,
        "say": _say(run, events) if since is not None else "",
    }


def _is_news(gate: Gate) -> bool:
    """Open, or just answered: whoever was about to answer sees who was first."""
    if gate.status == GateStatus.ANSWERED.value:
        return gate.closed_at is not None and timezone.now() - gate.closed_at < _NEWS
    return gate.status == GateStatus.OPEN.value


def _events(run: WorkflowRun, since: int | None) -> list[Event]:
    """Newest first, never newer than the row that was read, so that the page's number is the truth."""
    rows = Event.objects.filter(run=run, seq__lte=run.seq).order_by("-seq")
    if since is not None and run.seq - since <= _FULL:
        return list(rows.filter(seq__gt=since))
    return list(rows[:TIMELINE])


def older_events(run: WorkflowRun, before: int) -> dict[str, Json]:
    """The next older part of the timeline."""
    rows = list(Event.objects.filter(run=run, seq__lt=before).order_by("-seq")[:TIMELINE])
    return {"events": [event_row(event, run_url) for event in rows], "older_url": _older(run, rows)}


def _older(run: WorkflowRun, events: list[Event]) -> str:
    if not events or events[-1].seq == 1:
        return ""
    return f"{reverse('run-events', args=[run.pk])}?before={events[-1].seq}"


def _say(run: WorkflowRun, events: list[Event]) -> str:
    """One sentence for a screen reader: the newest thing worth saying."""
    spoken = ("run.", "stage.", "gate.", "agent.blocked", "agent.failed", "workflow.")
    for event in events:
        if event.kind.startswith(spoken):
            row = event_row(event, run_url)
            return " ".join(filter(None, [event.stage, event.agent, row["text"]]))
    return ""


# The bar


def _bar(run: WorkflowRun, look: Look, calls: list[WorkflowCall], can_control: bool) -> dict[str, Json]:
    over = RunStatus(run.status) in FINAL_RUN
    lineage = _lineage(run)
    waiting = [call for call in calls if call.status == CallStatus.WAITING.value]
    may = can_control and not over
    return {
        "workflow": run.workflow_name,
        "workflow_url": reverse("workflow", args=[run.workflow_id]) if run.workflow_id else "",
        "number": run.number,
        "dry": run.dry is not None,
        "state": look.state,
        "word": look.word,
        "origin_text": origin_text(run, run.starter.get_username() if run.starter else None),
        "depth": run.depth,
        "version": run.version.number,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "created_at": run.created_at,
        "tokens": run.input_tokens + run.output_tokens or None,
        "parent": lineage[-2] if len(lineage) > 1 else None,
        "lineage": lineage if len(lineage) > 1 else [],
        "can_control": can_control,
        "stop_url": reverse("run-cancel", args=[run.pk]) if may else "",
        "pause_url": reverse("run-pause", args=[run.pk]) if may and run.status != RunStatus.PAUSED.value else "",
        "resume_url": reverse("run-resume", args=[run.pk])
        if can_control and run.status == RunStatus.PAUSED.value
        else "",
        "children_running": len(waiting),
    }


def _lineage(run: WorkflowRun) -> list[dict[str, Json]]:
    chain = [run]
    while chain[-1].parent_id is not None:
        parent = WorkflowRun.objects.filter(pk=chain[-1].parent_id).first()
        if parent is None:
            break
        chain.append(parent)
    chain.reverse()
    return [
        {"label": f"{row.workflow_name} #{row.number}", "url": run_url(row.pk), "current": row.pk == run.pk}
        for row in chain
    ]


# Result


def _result(run: WorkflowRun) -> dict[str, Json] | None:
    if run.result is None:
        return None
    value, kind = run.result["value"], run.result["kind"]
    if kind == "structured":
        return {"kind": kind, "entries": [entry(key, item) for key, item in value.items()]}
    return {"kind": kind, "text": value}
