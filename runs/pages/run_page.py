"""The run page: one snapshot, read at once, from which the page and every fragment of it are rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from builder.publish import frozen
from builder.spec import WorkflowSpec
from projects.access import Caller
from runs.engine.status import FINAL_RUN, CallStatus, GateStatus, RunStatus
from runs.light_rows import light_calls
from runs.models import Event, Gate, Rerun, WorkflowCall, WorkflowRun
from runs.pages.control import controls
from runs.pages.looks import Look, run_looks
from runs.pages.readable import cut
from runs.pages.run_graph import drawn, taken
from runs.pages.shapes import entry
from runs.pages.stages import Parts, Visit, stages, targets, visits_of
from runs.pages.tree import lineage, tree
from runs.pages.waiting import waiting
from runs.pages.words import event_row, origin_text
from runs.rerun_links import link_of
from runs.why import Link, why

Json = Any
TIMELINE = 200  # events on the page; older ones come by scrolling
_FOLLOWED = (CallStatus.WAITING.value, CallStatus.STARTED.value)
TABS = {"live": "Live", "messages": "Messages", "time": "Time", "results": "Results", "prompts": "Prompts"}
_FULL = 500  # a page that is further behind gets the timeline anew


def run_url(run_id: UUID | str) -> str:
    """The page of a run."""
    return reverse("run", args=[run_id])


@dataclass(frozen=True)
class Snapshot:
    """What the tab Live shows, read once; `since` as in `page`. Rendered for each reader with their own rights."""

    run: WorkflowRun
    since: int | None
    events: Sequence[Event]
    gates: Sequence[Gate]
    calls: Sequence[WorkflowCall]
    looks: Mapping[UUID, Look]
    line: Sequence[WorkflowRun]
    visits: Sequence[Visit]
    links: Sequence[Link]
    tree: list[dict[str, Json]]
    link: Rerun | None

    @property
    def spec(self) -> WorkflowSpec:
        """What the run executes."""
        return frozen(self.run.version_id).workflow

    @property
    def behind(self) -> bool:
        """Whether the page has missed so much that it gets its timeline anew."""
        return self.since is not None and self.run.seq - self.since > _FULL

    @property
    def touched(self) -> set[int] | None:
        """The positions of the stages whose cards may look different; None for all."""
        if self.since is None or self.behind or (self.events and self.run.finished_at):
            return None
        return _touched(self.spec, self.events, self.calls)


def snapshot(run: WorkflowRun, since: int | None) -> Snapshot:
    """The run as it was just read; what hangs on it may be newer, and comes with the events after it again."""
    gates = list(Gate.objects.filter(run=run).order_by("opened_at"))
    calls = list(light_calls(WorkflowCall.objects.filter(run=run)).order_by("since"))
    looks = run_looks([run, *(call.child for call in calls if call.child is not None)])
    line = lineage(run)
    events = _events(run, since)
    below = tree(run, line[0])
    return Snapshot(run, since, events, gates, calls, looks, line, visits_of(run), why(run), below, link_of(run))


def page(
    run: WorkflowRun, *, can_control: bool, viewer: Caller | None = None, since: int | None = None
) -> dict[str, Json]:
    """The context of runs/run.html; with `since`, that of runs/_sync.html: what is newer."""
    return page_of(snapshot(run, since), can_control=can_control, viewer=viewer)


def page_of(seen: Snapshot, *, can_control: bool, viewer: Caller | None = None) -> dict[str, Json]:
    """The same of a snapshot."""
    run, since, only = seen.run, seen.since, seen.touched
    parts = Parts(run, seen.gates, seen.calls, seen.looks, seen.link)
    return {
        **frame(Frame(run, seen.looks[run.pk], seen.line, seen.gates, seen.calls, can_control), "live"),
        "waiting": waiting(run, seen.links, can_control=can_control),
        "stages": stages(parts, seen.visits, only, viewer=viewer),
        "targets": targets(parts, seen.visits, only),
        "graph": drawn(seen.spec, run.workflow) if since is None else None,
        "taken": taken(run, seen.spec, seen.visits),
        "tree": seen.tree,
        "events": [event_row(event, run_url) for event in seen.events],
        "older_url": _older(run, seen.events) if since is None or seen.behind else "",
        "result": _result(run),
        "full": seen.behind,
        "say": _say(run, seen.events) if since is not None else "",
    }


def missed(
    run: WorkflowRun, tab: str, since: int, *, can_control: bool, viewer: Caller | None = None
) -> dict[str, Json]:
    """The context of runs/_sync.html: what a page with this tab open that is at event `since` has missed."""
    if tab in TABS and tab != "live":
        return tab_frame(run, tab, can_control=can_control, since=since)
    return page(run, can_control=can_control, viewer=viewer, since=since)


@dataclass(frozen=True)
class Frame:
    """What the parts around the tabs are made of, read once."""

    run: WorkflowRun
    look: Look
    lineage: Sequence[WorkflowRun]
    gates: Sequence[Gate]
    calls: Sequence[WorkflowCall]
    can_control: bool


def frame(parts: Frame, tab: str) -> dict[str, Json]:
    """What every tab of the run page shows: the bar, the tabs, the way to open gates, errors and warnings."""
    run = parts.run
    query = "" if tab == "live" else f"?tab={tab}"
    return {
        "project": {"name": run.project.name, "url": reverse("project", args=[run.project.slug])},
        "run": _bar(parts),
        "tab": tab,
        "tabs": [
            {
                "label": label,
                "url": run_url(run.pk) + (f"?tab={name}" if name != "live" else ""),
                "current": name == tab,
            }
            for name, label in TABS.items()
        ],
        "gates_open": [
            {"id": gate.pk, "stage": gate.stage, "asks": gate.name if gate.is_question else ""}
            for gate in parts.gates
            if gate.status == GateStatus.OPEN.value
        ],
        "live_url": "" if tab == "live" else run_url(run.pk),
        "warnings": run.warnings,
        "error": run.error,
        "live": {
            "socket_url": f"/ws/runs/{run.pk}?tab={tab}",
            "sync_url": reverse("run-sync", args=[run.pk]) + query,
            "seq": run.seq,
            "now": timezone.now(),
        },
    }


def tab_frame(run: WorkflowRun, tab: str, *, can_control: bool, since: int | None = None) -> dict[str, Json]:
    """What stands around a tab beside Live; with `since`, whether there is more than the tab shows."""
    gates = list(Gate.objects.filter(run=run, status=GateStatus.OPEN.value).order_by("opened_at"))
    calls = list(light_calls(WorkflowCall.objects.filter(run=run, status=CallStatus.WAITING.value)))
    parts = Frame(run, run_looks([run])[run.pk], lineage(run), gates, calls, can_control)
    return {
        **frame(parts, tab),
        "say": _say(run, _events(run, since)) if since is not None else "",
        "news": since is not None and run.seq > since,
        "reload_url": f"{run_url(run.pk)}?tab={tab}",
    }


def _touched(spec: WorkflowSpec, events: Sequence[Event], calls: Sequence[WorkflowCall]) -> set[int]:
    """The positions of the stages whose cards may look different: what events tell of, and what a child's state is
    shown on. A child has no number on this page."""
    names = {event.stage for event in events} | {call.stage for call in calls if call.status in _FOLLOWED}
    return {place for place, stage in enumerate(spec.stages) if stage.name in names}


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


def _older(run: WorkflowRun, events: Sequence[Event]) -> str:
    if not events or events[-1].seq == 1:
        return ""
    return f"{reverse('run-events', args=[run.pk])}?before={events[-1].seq}"


def _say(run: WorkflowRun, events: Sequence[Event]) -> str:
    """One sentence for a screen reader: the newest thing worth saying."""
    spoken = ("run.", "stage.", "gate.", "agent.blocked", "agent.failed", "workflow.")
    for event in events:
        if event.kind.startswith(spoken):
            row = event_row(event, run_url)
            return " ".join(filter(None, [event.stage, event.agent, row["text"]]))
    return ""


# The bar


def _bar(parts: Frame) -> dict[str, Json]:
    run, can_control = parts.run, parts.can_control
    over = RunStatus(run.status) in FINAL_RUN
    line = [
        {"label": f"{row.workflow_name} #{row.number}", "url": run_url(row.pk), "current": row.pk == run.pk}
        for row in parts.lineage
    ]
    waited = [call for call in parts.calls if call.status == CallStatus.WAITING.value]
    may = can_control and not over
    return {
        "workflow": run.workflow_name,
        "workflow_url": reverse("workflow", args=[run.workflow_id]) if run.workflow_id else "",
        "number": run.number,
        "dry": run.dry is not None,
        "state": parts.look.state,
        "word": parts.look.word,
        "origin_text": origin_text(run, run.starter.get_username() if run.starter else None),
        "depth": run.depth,
        "version": run.version.number,
        "version_url": _history(run),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "created_at": run.created_at,
        "tokens": run.input_tokens + run.output_tokens or None,
        "parent": line[-2] if len(line) > 1 else None,
        "lineage": line if len(line) > 1 else [],
        "can_control": can_control,
        "stop_url": reverse("run-cancel", args=[run.pk]) if may else "",
        "pause_url": reverse("run-pause", args=[run.pk]) if may and run.status != RunStatus.PAUSED.value else "",
        "resume_url": reverse("run-resume", args=[run.pk])
        if can_control and run.status == RunStatus.PAUSED.value
        else "",
        "children_running": len(waited),
        **controls(run, can_control),
    }


def _history(run: WorkflowRun) -> str:
    """Where the history shows which revision the run's version was frozen from; nothing is read for it here."""
    if not run.workflow_id:
        return ""
    return f"{reverse('workflow-history', args=[run.workflow_id])}?version={run.version.number}"


# Result


def _result(run: WorkflowRun) -> dict[str, Json] | None:
    if run.result is None:
        return None
    value, kind = run.result["value"], run.result["kind"]
    if kind == "structured":
        return {"kind": kind, "entries": [entry(key, item) for key, item in value.items()]}
    return {"kind": kind, "text": cut(value)[0]}
