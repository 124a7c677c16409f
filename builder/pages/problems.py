"""The Problems list: what the check finds, in words, each with a link to its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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


def problems(graph: Graph) -> list[dict[str, Json]]:
    """What builder/_problems.html lists, problems before warnings. A fixed number of queries."""
    around = surroundings_in(graph.workflow.project)
    found = check_stored(graph.workflow, around)
    places = _Places(graph, around.agent_ids)
    return [
        {"message": finding.message, "is_problem": is_problem, **places.of(finding)}
        for is_problem, findings in ((True, found.found_problems), (False, found.found_warnings))
        for finding in findings
    ]


def mark_of(problems: list[dict[str, Json]]) -> str:
    """A short mark of what is listed, by which a page says what it lists already; empty where there is nothing."""
    text = json.dumps(problems).encode()
    return hashlib.blake2b(text, digest_size=12).hexdigest() if problems else ""


class _Places:
    """Where a finding's place is on the page: its name, its drawer, and the drawer's address in the page's own."""

    def __init__(self, graph: Graph, agent_ids: Mapping[str, int]) -> None:
        self._graph = graph
        self._hooks: dict[tuple[int, str, int], int] | None = None
        self._agents = agent_ids

    def of(self, finding: Finding) -> dict[str, str]:
        """`where`, `drawer_url` and `href`."""
        loc = finding.loc
        if loc[:1] != ("stages",) or len(loc) < 2:
            pk = self._graph.workflow.pk
            return _place("", f"workflow:{pk}", reverse("workflow-drawer", args=[pk]))
        place, part, at = int(loc[1]), str(loc[2]) if len(loc) > 2 else "", loc[3] if len(loc) > 3 else None
        stage, stage_id = self._graph.spec.stages[place], self._graph.stage_ids[place]
        if part in ("routes", "outcomes") and at is not None:
            return _outcome(stage, stage_id, str(at) if part == "routes" else stage.outcomes[int(at)])
        if part == "assignments" and at is not None:
            return self._assignment(stage, place, int(at), str(loc[4]) if len(loc) > 4 else "")
        if part in _MOMENTS and at is not None:
            return self._hook(stage, stage_id, part, int(at))
        address = f"{reverse('stage-drawer', args=[stage_id])}?tab={_TABS.get(part, 'main')}"
        return _place(stage.name, f"stage:{stage_id}", address)

    def _assignment(self, stage: StageSpec, place: int, at: int, field: str) -> dict[str, str]:
        block = stage.assignments[at]
        if field in _AGENTS and (name := getattr(block, field)):
            return self._agent(name)
        pk = self._graph.assignment_ids[place][at]
        where = f"{stage.name}, assignment {at + 1} ({block.agent})"
        return _place(where, f"assignment:{pk}", reverse("assignment-drawer", args=[pk]))

    def _agent(self, name: str) -> dict[str, str]:
        """What is wrong with an agent itself is put right on the project's page of agents."""
        project = self._graph.workflow.project
        page = reverse("agents", args=[project.slug])
        return {"where": f"Agent {name}", "drawer_url": "", "href": f"{page}?drawer=agent:{self._agents[name]}"}

    def _hook(self, stage: StageSpec, stage_id: int, part: str, at: int) -> dict[str, str]:
        if self._hooks is None:
            rows = Hook.objects.filter(stage__workflow=self._graph.workflow)
            values = rows.values_list("stage_id", "moment", "position", "pk")
            self._hooks = {(owner, moment, position): pk for owner, moment, position, pk in values}
        moment, word = _MOMENTS[part]
        hook = (stage.entry_hooks if moment == "entry" else stage.exit_hooks)[at]
        pk = self._hooks[stage_id, moment, at]
        where = f"{stage.name}, {word} {hook.name or at + 1}"
        return _place(where, f"hook:{pk}", reverse("hook-drawer", args=[pk]))


def _outcome(stage: StageSpec, stage_id: int, label: str) -> dict[str, str]:
    kind = "target" if isinstance(stage.routes.get(label), WorkflowRoute) else "outcome"
    address = reverse(f"{kind}-drawer", args=[stage_id], query={"label": label})
    return _place(f"{stage.name}, outcome {label}", f"{kind}:{stage_id}:{label}", address)


def _place(where: str, key: str, address: str) -> dict[str, str]:
    return {"where": where, "drawer_url": address, "href": "?" + urlencode({"drawer": key})}
