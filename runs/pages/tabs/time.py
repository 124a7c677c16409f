"""The tab Time: which stage, agent and workflow took how long, and what the run had to wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from builder.publish import frozen
from builder.spec import Mode
from runs.light_rows import light_calls
from runs.models import AgentRun, AgentTurn, Event, Gate, Rerun, StageRun, WorkflowCall, WorkflowRun
from runs.pages.durations import took
from runs.pages.tabs.prompts import cost
from runs.pages.tabs.timing import (
    PERSON,
    RETRYING,
    WORDS,
    WORKFLOW,
    WORKING,
    Span,
    last_to_end,
    one_line,
    totals,
    with_gaps,
)
from runs.rerun_links import link_of

Json = Any
PAGE = 40  # visits of stages
_WIDTH = 1000  # of the drawing, which is stretched to its place


@dataclass(frozen=True)
class _Part:
    """A page of visits with what happened in them."""

    run: WorkflowRun
    start: datetime
    end: datetime
    agents: dict[Any, list[AgentRun]]
    turns: dict[Any, list[AgentTurn]]
    calls: Sequence[WorkflowCall]
    gates: Sequence[Gate]
    retries: dict[tuple[str, str], list[Span]]
    link: Rerun | None

    def now(self, moment: datetime | None) -> datetime:
        """A moment, or the end of what is drawn for what still goes on."""
        return min(moment or self.end, self.end)


def time_tab(run: WorkflowRun, page: int) -> dict[str, Json]:
    """The context of runs/_tab_time.html: one page of the visits, drawn on their own scale."""
    rows = StageRun.objects.filter(run=run).order_by("entry")
    count = rows.count()
    place = max(page - 1, 0) * PAGE
    visits = list(rows[place : place + PAGE])
    address = _time_of(run.pk)
    whole = {
        "earlier_url": f"{address}&page={page - 1}" if page > 1 else "",
        "later_url": f"{address}&page={page + 1}" if place + PAGE < count else "",
        "count": count,
    }
    if not visits:
        return {"time": {**whole, "rows": [], "totals": [], "ticks": [], "facts": []}}
    part = _read(run, visits)
    drawn = [_visit(part, visit) for visit in visits]
    spans = [span for _, each in drawn for span in each]
    return {
        "time": {
            **whole,
            "rows": [row for rows, _ in drawn for row in rows],
            "totals": [
                {"kind": kind, "word": WORDS[kind], "text": took(seconds)}
                for kind, seconds in totals(spans).items()
                if seconds >= 0.05
            ],
            "ticks": _ticks(part),
            "facts": _facts(run, part),
        }
    }


def _read(run: WorkflowRun, visits: Sequence[StageRun]) -> _Part:
    agents: dict[Any, list[AgentRun]] = defaultdict(list)
    for agent in AgentRun.objects.filter(stage_run__in=visits).order_by("position"):
        agents[agent.stage_run_id].append(agent)
    ids = [agent.pk for each in agents.values() for agent in each]
    turns: dict[Any, list[AgentTurn]] = defaultdict(list)
    for turn in AgentTurn.objects.filter(agent_run__in=ids).order_by("number").defer("request", "response", "tools"):
        turns[turn.agent_run_id].append(turn)
    start = visits[0].started_at
    end = max(visit.finished_at or timezone.now() for visit in visits)
    calls = list(light_calls(WorkflowCall.objects.filter(run=run, since__gte=start, since__lte=end)))
    if calls:
        end = max(end, *(call.resolved_at or end for call in calls))
    gates = list(Gate.objects.filter(stage_run__in=visits))
    return _Part(run, start, end, agents, turns, calls, gates, _retries(run, start, end), link_of(run))


def _retries(run: WorkflowRun, start: datetime, end: datetime) -> dict[tuple[str, str], list[Span]]:
    """When agents waited to try again, by stage and agent."""
    found: dict[tuple[str, str], list[Span]] = defaultdict(list)
    kinds = ("agent.retrying", "agent.resumed", "agent.turn", "agent.failed")
    begun: dict[tuple[str, str], datetime] = {}
    for event in Event.objects.filter(run=run, kind__in=kinds, at__gte=start, at__lte=end).order_by("seq"):
        key = (event.stage or "", event.agent or "")
        if key in begun:
            found[key].append(Span(RETRYING, begun.pop(key), event.at))
        if event.kind == "agent.retrying":
            begun[key] = event.at
    for key, at in begun.items():
        found[key].append(Span(RETRYING, at, end))
    return found


# Rows


def _visit(part: _Part, visit: StageRun) -> tuple[list[dict[str, Json]], list[Span]]:
    """The rows of one visit: the stage, its agents, the workflows that were started; and all that was done."""
    if part.link is not None and visit.entry <= part.link.kept:
        return _kept(part, part.link, visit)
    spec = frozen(part.run.version_id).workflow.stages[visit.position]
    agents = part.agents[visit.pk]
    slowest = last_to_end([(agent.key, part.now(agent.finished_at)) for agent in agents])
    one_by_one = spec.mode != Mode.PARALLEL
    rows, spans = [], []
    for agent in agents:
        mine = _agent_spans(part, visit, agent)
        spans.extend(mine)
        rows.append(_row(part, agent.agent, 1, mine, agent.key == slowest or one_by_one))
        rows.extend(_call(part, call, 2) for call in part.calls if call.agent_run_id == agent.pk)
    routed = [call for call in part.calls if call.key == f"route/{visit.entry}"]
    asked = [gate for gate in part.gates if gate.stage_run_id == visit.pk]
    rows += [_row(part, gate.name, 1, [_asked(part, gate)], True) for gate in asked]
    # A question is part of what its agent did, and is counted there.
    waits = [_asked(part, gate) for gate in asked if not gate.is_question]
    waits += [Span(WORKFLOW, call.since, part.now(call.resolved_at)) for call in routed]
    rows += [_call(part, call, 1) for call in routed]
    end = max([part.now(visit.finished_at), *(span.end for span in waits)])
    line = with_gaps(one_line([*spans, *waits]), visit.started_at, end)
    stage = _row(part, _name(visit), 0, line, True)
    return [stage, *rows], [*spans, *waits]


def _name(visit: StageRun) -> str:
    return visit.name + (f", visit {visit.visit}" if visit.visit > 1 else "")


def _kept(part: _Part, link: Rerun, visit: StageRun) -> tuple[list[dict[str, Json]], list[Span]]:
    """A visit that the run it repeats has done; of its calls those that were made again took time of this run."""
    agents = {agent.pk for agent in part.agents[visit.pk]}
    calls = [call for call in part.calls if call.agent_run_id in agents or call.key == f"route/{visit.entry}"]
    row = _row(part, _name(visit), 0, [], False)
    row |= {"kept": {"label": f"#{link.of_number}", "url": _time_of(link.of_id)}, "took": ""}
    spans = [Span(WORKFLOW, call.since, part.now(call.resolved_at)) for call in calls]
    return [row, *(_call(part, call, 1) for call in calls)], spans


def _time_of(run_id: Any) -> str:
    return f"{reverse('run', args=[run_id])}?tab=time" if run_id else ""


def _asked(part: _Part, gate: Gate) -> Span:
    return Span(PERSON, gate.opened_at, part.now(gate.closed_at))


def _agent_spans(part: _Part, visit: StageRun, agent: AgentRun) -> list[Span]:
    """Turns, waits and retries of one agent; `at` of a turn is when its model was asked."""
    spans = [
        Span(WORKING, turn.at, datetime.fromtimestamp(turn.at.timestamp() + turn.seconds, tz=turn.at.tzinfo))
        for turn in part.turns[agent.pk]
    ]
    spans += [
        Span(WORKFLOW, call.since, part.now(call.resolved_at))
        for call in part.calls
        if call.agent_run_id == agent.pk and (call.until or call.resolved_at)
    ]
    spans += [_asked(part, gate) for gate in part.gates if gate.agent_run_id == agent.pk]
    spans += part.retries.get((visit.name, agent.agent), [])
    return with_gaps(spans, visit.started_at, part.now(agent.finished_at or visit.finished_at))


def _call(part: _Part, call: WorkflowCall, level: int) -> dict[str, Json]:
    child = call.child
    end = child.finished_at if child else call.resolved_at
    row = _row(part, call.workflow_name, level, [Span("child", call.since, part.now(end))], False)
    if child is not None:
        row |= {"url": reverse("run", args=[child.pk]), "number": child.number, "state": child.status}
    return row


def _row(part: _Part, name: str, level: int, spans: Sequence[Span], critical: bool) -> dict[str, Json]:
    whole = max((part.end - part.start).total_seconds(), 0.001)

    def x(moment: datetime) -> float:
        return round((moment - part.start).total_seconds() / whole * _WIDTH, 1)

    sums: dict[str, float] = defaultdict(float)
    for span in spans:
        sums[WORDS.get(span.kind, "Running")] += span.seconds
    return {
        "name": name,
        "level": level,
        "critical": critical,
        "bars": [
            {"kind": span.kind, "x": x(span.start), "width": max(round(x(span.end) - x(span.start), 1), 1.5)}
            for span in spans
        ],
        "took": took(sum(sums.values())),
        "says": ", ".join(f"{word} {took(seconds)}" for word, seconds in sums.items() if seconds >= 0.05),
    }


def _ticks(part: _Part) -> list[dict[str, Json]]:
    whole = (part.end - part.start).total_seconds()
    return [{"x": place * 25, "text": took(whole * place / 4)} for place in range(5)]


def _facts(run: WorkflowRun, part: _Part) -> list[tuple[str, str]]:
    facts = [("Time of the run", took(((run.finished_at or timezone.now()) - run.created_at).total_seconds()))]
    if tokens := run.input_tokens + run.output_tokens:
        facts.append(("Tokens", f"{run.input_tokens} in, {run.output_tokens} out" if tokens else ""))
    facts.append(("Answers of models", str(run.requests)))
    return [*facts, ("Cost", cost(run.cost))] if run.cost else facts
