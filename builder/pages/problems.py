"""The Problems list: what the check finds, in words, each with a link to its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from builder.checks import Finding, check_stored, surroundings_in
from builder.models import Hook
from builder.pages.graph import Graph
from builder.spec import StageSpec, WorkflowRoute

Json = Any
_MOMENTS = {"entry_hooks": ("entry", "entry hook"), "exit_hooks": ("exit", "exit hook")}
_TABS = {"outcomes": "routing", "default_outcome": "routing", "routes": "routing", "assignments": "assignments"}
_AGENTS = ("agent", "fallback_agent")


class Problems:
    """What the check finds in a workflow, asked for with a fixed number of queries."""

    def __init__(self, graph: Graph) -> None:
        around = surroundings_in(graph.workflow.project)
        found = check_stored(graph.workflow, around)
        place_of = _Places(graph, around.agent_ids).of
        self._found = [
            (is_problem, finding.message, place_of(finding))
            for is_problem, findings in ((True, found.found_problems), (False, found.found_warnings))
            for finding in findings
        ]

    @cached_property
    def mark(self) -> str:
        """A short mark of what is listed, by which a page says what it lists already; empty where there is nothing."""
        return hashlib.blake2b(repr(self._found).encode(), digest_size=12).hexdigest() if self._found else ""

    def listed(self) -> list[dict[str, Json]]:
        """What builder/_problems.html lists, problems before warnings."""
        return [
            {"message": message, "is_problem": is_problem, **place.shown()}
            for is_problem, message, place in self._found
        ]


@dataclass(frozen=True, slots=True)
class _Place:
    """A finding's place: its name, and the drawer that shows it, as the page's own address names it."""

    where: str
    key: str
    drawer: str  # the name of its address
    pk: int
    query: Mapping[str, str] | None = None

    def shown(self) -> dict[str, str]:
        """As the page takes it."""
        address = reverse(self.drawer, args=[self.pk], query=self.query)
        return {"where": self.where, "drawer_url": address, "href": "?" + urlencode({"drawer": self.key})}


@dataclass(frozen=True, slots=True)
class _AgentPlace:
    """What is wrong with an agent itself is put right on the project's page of agents."""

    where: str
    key: str
    project: str  # its slug

    def shown(self) -> dict[str, str]:
        """As the page takes it."""
        page = reverse("agents", args=[self.project])
        return {"where": self.where, "drawer_url": "", "href": f"{page}?drawer={self.key}"}


class _Places:
    """Where the findings in a workflow are."""

    def __init__(self, graph: Graph, agent_ids: Mapping[str, int]) -> None:
        self._graph = graph
        self._agents = agent_ids

    def of(self, finding: Finding) -> _Place | _AgentPlace:
        """The place of a finding."""
        loc = finding.loc
        if loc[:1] != ("stages",) or len(loc) < 2:
            pk = self._graph.workflow.pk
            return _Place("", f"workflow:{pk}", "workflow-drawer", pk)
        place, part, at = int(loc[1]), str(loc[2]) if len(loc) > 2 else "", loc[3] if len(loc) > 3 else None
        stage, stage_id = self._graph.spec.stages[place], self._graph.stage_ids[place]
        if part in ("routes", "outcomes") and at is not None:
            return _outcome(stage, stage_id, str(at) if part == "routes" else stage.outcomes[int(at)])
        if part == "assignments" and at is not None:
            return self._assignment(stage, place, int(at), str(loc[4]) if len(loc) > 4 else "")
        if part in _MOMENTS and at is not None:
            return self._hook(stage, stage_id, part, int(at))
        return _Place(stage.name, f"stage:{stage_id}", "stage-drawer", stage_id, {"tab": _TABS.get(part, "main")})

    def _assignment(self, stage: StageSpec, place: int, at: int, field: str) -> _Place | _AgentPlace:
        block = stage.assignments[at]
        if field in _AGENTS and (name := getattr(block, field)):
            return _AgentPlace(f"Agent {name}", f"agent:{self._agents[name]}", self._graph.workflow.project.slug)
        pk = self._graph.assignment_ids[place][at]
        where = f"{stage.name}, assignment {at + 1} ({block.agent})"
        return _Place(where, f"assignment:{pk}", "assignment-drawer", pk)

    def _hook(self, stage: StageSpec, stage_id: int, part: str, at: int) -> _Place:
        moment, word = _MOMENTS[part]
        hook = (stage.entry_hooks if moment == "entry" else stage.exit_hooks)[at]
        pk = self._hooks[stage_id, moment, at]
        return _Place(f"{stage.name}, {word} {hook.name or at + 1}", f"hook:{pk}", "hook-drawer", pk)

    @cached_property
    def _hooks(self) -> dict[tuple[int, str, int], int]:
        rows = Hook.objects.filter(stage__workflow=self._graph.workflow)
        values = rows.values_list("stage_id", "moment", "position", "pk")
        return {(owner, moment, position): pk for owner, moment, position, pk in values}


def _outcome(stage: StageSpec, stage_id: int, label: str) -> _Place:
    kind = "target" if isinstance(stage.routes.get(label), WorkflowRoute) else "outcome"
    where = f"{stage.name}, outcome {label}"
    return _Place(where, f"{kind}:{stage_id}:{label}", f"{kind}-drawer", stage_id, {"label": label})
