"""The ways of two runs side by side. A run may have made a thousand steps: pairs are found from what is small of all
of them, and only the steps of one page are read with their agents and calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from runs.light_rows import light_calls
from runs.models import AgentRun, Rerun, StageRun, WorkflowCall, WorkflowRun
from runs.pages.durations import between
from runs.pages.looks import visit_look
from runs.pages.words import DECIDERS
from runs.rerun_links import link_of

Json = Any
PAGE = 50  # steps
_SHOWN = ("pk", "entry", "name", "visit", "status", "outcome", "decided_by", "started_at", "finished_at")


class _Step(NamedTuple):
    """A visit, without whatever it holds beside its own row."""

    pk: UUID
    entry: int
    name: str
    visit: int
    status: str
    outcome: str | None
    decided_by: str | None
    started_at: datetime
    finished_at: datetime | None


class _Pair(NamedTuple):
    """A step of the way: its place, and what either run did there."""

    number: int
    a: _Step | None
    b: _Step | None

    @property
    def differs(self) -> bool:
        """Whether one of them did not come here, or they ended it otherwise."""
        return self.a is None or self.b is None or (self.a.status, self.a.outcome) != (self.b.status, self.b.outcome)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which steps the page is to show: those from a place on, or of these the ones that differ."""

    page: int = 1
    only: bool = False


def compared_steps(a: WorkflowRun, b: WorkflowRun, asked: Asked) -> dict[str, Json]:
    """What runs/_compare_steps.html needs: one page of pairs, how many there are, and the ways to the others."""
    pairs = _pairs(_steps(a), _steps(b))
    differing = [pair for pair in pairs if pair.differs]
    wanted = differing if asked.only else pairs
    first = (max(asked.page, 1) - 1) * PAGE
    shown = wanted[first : first + PAGE]
    sides = [
        _told(run, [each for each in side if each])
        for run, side in ((a, [p.a for p in shown]), (b, [p.b for p in shown]))
    ]

    def address(page: int, *, only: bool) -> str:
        query = {"a": a.pk, "b": b.pk} | ({"steps": "differing"} if only else {}) | ({"page": page} if page > 1 else {})
        return f"{reverse('run-compare')}?{urlencode(query)}#steps"

    return {
        "steps": [
            {
                "number": pair.number,
                "differs": pair.differs,
                "sides": [
                    told.get(step.entry) if step else None for told, step in zip(sides, (pair.a, pair.b), strict=True)
                ],
            }
            for pair in shown
        ],
        "count": len(pairs),
        "differing": len(differing),
        "first": shown[0].number if shown else 0,
        "last": shown[-1].number if shown else 0,
        "only": asked.only,
        "paged": len(pairs) > PAGE,
        "all_url": address(1, only=False),
        "only_url": address(1, only=True),
        "earlier_url": address(asked.page - 1, only=asked.only) if first else "",
        "later_url": address(asked.page + 1, only=asked.only) if first + PAGE < len(wanted) else "",
    }


def _steps(run: WorkflowRun) -> list[_Step]:
    return [_Step(*row) for row in StageRun.objects.filter(run=run).order_by("entry").values_list(*_SHOWN)]


def _pairs(a: list[_Step], b: list[_Step]) -> list[_Pair]:
    """The steps of both runs in order, the same visit of the same stage beside each other.

    By stage and visit no two steps of a run are alike, so that even long ways are set beside each other quickly."""
    ours, theirs = [[(step.name, step.visit) for step in side] for side in (a, b)]
    found: list[tuple[_Step | None, _Step | None]] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if what == "equal":
            found += zip(a[i1:i2], b[j1:j2], strict=True)
        else:
            found += [(one, None) for one in a[i1:i2]] + [(None, other) for other in b[j1:j2]]
    return [_Pair(number, one, other) for number, (one, other) in enumerate(found, 1)]


# What is told of a step


def _told(run: WorkflowRun, steps: list[_Step]) -> dict[int, Json]:
    """By the entry."""
    link = link_of(run)
    agents, calls = _agents(steps), _calls(run, steps)
    return {step.entry: _step(step, link, agents[step.pk], calls[step.entry]) for step in steps}


def _step(step: _Step, link: Rerun | None, agents: list[str], calls: list[str]) -> dict[str, Json]:
    look = visit_look(step.entry, step.status, link)
    return {
        "name": step.name,
        "visit": step.visit,
        **look._asdict(),
        "outcome": step.outcome or "",
        "decided_by": DECIDERS.get(step.decided_by or "none", ""),
        "took": "" if look.state == "kept" else between(step.started_at, step.finished_at),
        "agents": agents,
        "calls": calls,
    }


def _agents(steps: Iterable[_Step]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = AgentRun.objects.filter(stage_run__in=[step.pk for step in steps]).order_by("position")
    for stage_run, name in rows.values_list("stage_run_id", "agent"):
        found[stage_run].append(name)
    return found


def _calls(run: WorkflowRun, steps: Iterable[_Step]) -> dict[int, list[str]]:
    """By the entry: the agents' calls and the one of the outcome."""
    entries = {step.pk: step.entry for step in steps}
    found: dict[int, list[str]] = defaultdict(list)
    by_agents = WorkflowCall.objects.filter(agent_run__stage_run__in=list(entries))
    by_routes = WorkflowCall.objects.filter(run=run, key__in=[f"route/{entry}" for entry in entries.values()])
    for call in light_calls(by_agents, "agent_run").order_by("since"):
        if call.agent_run is not None:
            found[entries[call.agent_run.stage_run_id]].append(_call(run, call))
    for call in light_calls(by_routes):
        found[int(call.key.removeprefix("route/"))].append(_call(run, call))
    return found


def _call(run: WorkflowRun, call: WorkflowCall) -> str:
    child = call.child
    reused = child is not None and child.parent_id != run.pk
    name = f"{call.workflow_name} #{child.number}" if child else call.workflow_name
    return f"{'Reused' if reused else 'Triggered'} {name}: {call.status.replace('_', ' ')}"
