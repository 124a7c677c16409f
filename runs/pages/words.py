"""The words for what happened: events, origins, deciders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince

from runs.models import Event, WorkflowRun
from runs.pages.readable import readable

Json = Any

ORIGINS = {
    "manual": "Started by hand",
    "api": "Started over the API",
    "cli": "Started from the terminal",
    "schedule": "Started by a schedule",
    "webhook": "Started by a webhook",
    "agent": "Triggered by an agent of",
    "route": "Triggered by an outcome of",
    "subagent": "Triggered by a subagent of",
    "hook": "Started by a hook of",
    "rerun": "Re-run",
    "retry": "Retry",
}

DECIDERS = {
    "gate": "decided by a person",
    "deadline": "decided by the deadline",
    "agent": "decided by an agent",
    "default": "the default",
    "error": "an agent failed",
    "none": "",
}


def origin_text(run: WorkflowRun, starter: str | None = None) -> str:
    """How the run came to be."""
    if run.origin == "manual" and starter:
        return f"Started by {starter}"
    return ORIGINS.get(run.origin, run.origin)


def how_long(since: datetime) -> str:
    """How long something has waited, in words, without a "0 minutes"."""
    return "less than a minute" if timezone.now() - since < timedelta(minutes=1) else timesince(since, depth=1)


def _short(text: str, length: int = 160) -> str:
    line = " ".join(readable(str(text)[: 20 * length]).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _returned(data: Json) -> str:
    status = data.get("status")
    if status == "completed":
        return f"{data.get('workflow')} returned a {data.get('kind')} result"
    words = {"timed_out": "timed out", "refused": "was refused", "failed": "failed", "cancelled": "was cancelled"}
    return f"{data.get('workflow')} {words.get(str(status), status)}: {_short(data.get('error') or '')}"


def _finished(data: Json) -> str:
    if data.get("outcome"):
        return f"finished: {data['outcome']}"
    return next((word for word in ("cancelled", "failed") if data.get(word)), "finished")


def _triggered(data: Json) -> str:
    if data.get("run_id") is None:
        return f"could not trigger {data.get('workflow')}: {_short(data.get('refused') or '')}"
    return f"triggered {data.get('workflow')}"


def _route(data: Json) -> str:
    start = "continued at" if data.get("continued") else f"{data.get('outcome')} leads to"
    if data.get("to") == "workflow":
        where = "End the workflow" if data.get("continue_at") == "end" else data.get("continue_at")
        return f"{start} {data.get('workflow')}, then {where}"
    return f"{start} {'End the workflow' if data.get('to') == 'end' else data.get('stage')}"


def _blocked(data: Json) -> str:
    if data.get("questions") and not data.get("calls"):
        return "is blocked: asks a person"
    calls = data.get("calls")
    return "is blocked: waiting for a workflow" if calls == 1 else f"is blocked: waiting for {calls} workflows"


_TEXTS: dict[str, Callable[[Json], str]] = {
    "run.started": lambda data: "The run was accepted",
    "run.waiting": lambda data: "The run waits",
    "run.resumed": lambda data: f"The run was resumed by {data['by']}" if data.get("by") else "The run goes on",
    "run.paused": lambda data: f"The run was paused by {data.get('by')}",
    "run.completed": lambda data: "The run is completed",
    "run.failed": lambda data: f"The run failed: {_short(data.get('message', ''))}",
    "run.cancelled": lambda data: f"The run was cancelled by {data.get('by')}",
    "stage.started": lambda data: f"started, visit {data['visit']}" if data.get("visit", 1) > 1 else "started",
    "stage.finished": _finished,
    "stage.skipped": lambda data: "skipped",
    "agent.started": lambda data: "started",
    "agent.turn": lambda data: f"answered, turn {data.get('turn')}",
    "agent.tool": lambda data: f"called {data.get('tool')}",
    "agent.message": lambda data: _short(data.get("text", "")),
    "agent.blocked": _blocked,
    "agent.resumed": lambda data: "tries again now" if data.get("reason") == "retry" else "goes on with the result",
    "agent.retrying": lambda data: (
        "lost its worker and is taken up again"
        if data.get("reason") == "worker_lost"
        else f"tries again: {_short(data.get('message', ''))}"
    ),
    "agent.finished": lambda data: f"is done: {_short(data['text'])}" if data.get("text") else "is done",
    "agent.failed": lambda data: f"failed: {_short(data.get('message', ''))}",
    "results.shared": lambda data: f"shared {', '.join(data.get('results', {}))}",
    "outcome.decided": lambda data: f"outcome {data.get('outcome')}, {DECIDERS.get(str(data.get('decided_by')), '')}",
    "route.taken": _route,
    "guard.reached": lambda data: f"loop guard: {data.get('wanted')} has used up its {data.get('max_visits')} visits",
    "workflow.triggered": _triggered,
    "workflow.returned": _returned,
    "workflow.late": lambda data: f"{data.get('workflow')} ended after the wait for it: {data.get('status')}",
    "hook.started": lambda data: f"hook {data.get('hook') or data.get('hook_kind')} started",
    "hook.finished": lambda data: (
        f"hook {data.get('hook') or data.get('hook_kind')} {'skipped' if data.get('skipped') else 'finished'}"
    ),
    "hook.failed": lambda data: f"hook {data.get('hook')} failed",
    "gate.opened": lambda data: (
        f"asks: {_short(data['question'])}"
        if "question" in data
        else f"waits for an approval: {data.get('gate') or ', '.join(data.get('options', []))}"
    ),
    "gate.voted": lambda data: (
        f"{data.get('by')} chose {data.get('option')}: {data.get('answers')} of {data.get('quorum')}"
    ),
    "gate.reminded": lambda data: "a reminder was sent",
    "gate.answered": lambda data: (
        (f"{data.get('by')} chose {data['option']}" if data.get("option") else f"{data.get('by')} answered")
        + (f": “{_short(data['comment'])}”" if data.get("comment") else "")
    ),
    "gate.expired": lambda data: "nobody answered in time",
    "message.received": lambda data: _short(data.get("text", "")),
    "warning": lambda data: _short(data.get("message", "")),
}

_TONES = {
    "agent.blocked": "blocked",
    "gate.opened": "open",
    "gate.answered": "done",
    "run.failed": "failed",
    "agent.failed": "failed",
    "run.completed": "completed",
    "warning": "blocked",
    "guard.reached": "blocked",
    "agent.retrying": "retrying",
}


def event_row(event: Event, run_url: Callable[[str], str]) -> dict[str, Json]:
    """An entry of the log as the timeline shows it."""
    data = event.data
    tone = _TONES.get(event.kind, "")
    if event.kind in ("workflow.returned", "workflow.late"):
        tone = "done" if data.get("status") == "completed" else "failed"
    link = None
    if event.kind.startswith("workflow.") and data.get("run_id"):
        link = {"url": run_url(data["run_id"]), "label": "Open the run"}
    text = _TEXTS[event.kind](data) if event.kind in _TEXTS else event.kind
    return {
        "seq": event.seq,
        "at": event.at,
        "stage": event.stage,
        "agent": event.agent,
        "text": text,
        "tone": tone,
        "link": link,
    }
