"""A workflow as it is drawn: cards at places, and what leads from where to where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.urls import reverse

from agents.queries import agents_of
from builder import layout
from builder.models import Hook, Workflow
from builder.operations.placing import places_of
from builder.pages.canvas_edges import edges_from
from builder.pages.changed import Changed
from builder.pages.graph import Graph, graph_of
from builder.pages.live import live
from builder.pages.outline import frame, shell
from builder.spec import END, HookBase, Mode, StageSpec, WorkflowRoute
from projects.access import Caller

Json = Any
MOST_DRAWN = 300  # stages that are drawn without being asked for
_WHOLE_PATTERN = 40  # characters of a task that a card can show
_CAPABILITIES = {
    "trigger_workflows": "Trigger Workflows",
    "decide_outcome": "Decides outcome",
    "ask_people": "Asks people",
    "use_subagents": "Subagents",
}
_MODES = {Mode.SEQUENCE: "One after another", Mode.CONVERSATION: "Round table"}
_HOOKS = {
    "approval": ("hand", "Approval"),
    "http": ("message", "HTTP request"),
    "telegram": ("message", "Telegram"),
    "slack": ("message", "Slack"),
    "email": ("message", "E-mail"),
    "wait": ("clock", "Wait"),
    "event": ("clock", "Event"),
    "workflow": ("workflow", "Workflow"),
}


def canvas_page(caller: Caller, workflow: Workflow) -> dict[str, Json]:
    """The context of builder/canvas.html; a fixed number of queries."""
    graph, page = graph_of(workflow), frame(caller, workflow, "Visual")
    return {
        **page,
        "view": "canvas",
        "outline_url": reverse("workflow-outline", args=[workflow.pk]),
        **shell(caller, graph),
        **_everything(graph, can_edit=page["can_edit"]),
        "palette": palette(graph),
        "live": live(workflow, "canvas"),
    }


def _everything(graph: Graph, *, can_edit: bool) -> dict[str, Json]:
    everything = Changed(cards={stage.name for stage in graph.spec.stages}, beyond=True)
    return canvas_partials(graph, everything, can_edit=can_edit)


def canvas_partials(graph: Graph, changed: Changed, *, can_edit: bool) -> dict[str, Json]:
    """The context of builder/_canvas_sync.html: the cards that changed, and what changed in the graph."""
    nodes = _nodes(graph, changed.cards, can_edit=can_edit)
    part = drawn(graph) if changed.beyond else drawn_part(graph, changed)
    return {"nodes": nodes, "targets": [target for each in nodes for target in each["targets"]], "graph": part}


def _nodes(graph: Graph, names: Collection[str], *, can_edit: bool) -> list[dict[str, Json]]:
    places = [place for place, stage in enumerate(graph.spec.stages) if stage.name in names]
    has_hooks = any(graph.spec.stages[place].entry_hooks or graph.spec.stages[place].exit_hooks for place in places)
    hooks = _hook_ids(graph) if has_hooks else {}
    return [node(graph, place, hooks.get(graph.stage_ids[place], {}), can_edit=can_edit) for place in places]


# What the script draws


def drawn(graph: Graph) -> dict[str, Json]:
    """Places in pixels, names and edges of the graph: all that is drawn."""
    return _drawn(graph, range(len(graph.stage_ids)))


def drawn_part(graph: Graph, changed: Changed) -> dict[str, Json]:
    """The same of the stages that changed, with the ids of all in `order` where there are others or another order. What
    is not in it stays as the page has it."""
    places = [place for place, stage in enumerate(graph.spec.stages) if stage.name in changed.drawn]
    order = {"order": graph.stage_ids} if changed.listed else {}
    return {"part": True, **order, **_drawn(graph, places)}


def _drawn(graph: Graph, which: Sequence[int]) -> dict[str, Json]:
    """What is drawn of the stages at the places `which`: they themselves, what they lead to, and the end."""
    stages = graph.spec.stages
    places = layout.standing(graph.spec, places_of(graph.workflow))
    end = layout.end_place(places, stages[-1])
    ids = graph.ids
    return {
        "stages": [_drawn_stage(graph, place, places) for place in which],
        "targets": [
            _drawn_target(stages[place], ids, label, places)
            for place in which
            for label in layout.target_labels(stages[place])
        ],
        "end": {"key": "end", "x": end[0], "y": end[1]},
        "edges": [edge for place in which for edge in edges_from(stages, place, ids)],
    }


def _drawn_stage(graph: Graph, place: int, places: Mapping[layout.Spot, layout.Point]) -> dict[str, Json]:
    stage = graph.spec.stages[place]
    x, y = places[stage.name, ""]
    return {
        "id": graph.stage_ids[place],
        "key": f"stage:{graph.stage_ids[place]}",
        "name": stage.name,
        "says": f"{stage.name}{_count(stage)}",  # after its number, which the order tells
        "outcomes": stage.outcomes,
        "x": x,
        "y": y,
        "h": layout.card_height(stage),
        "above": layout.chips_height(stage),
    }


def _count(stage: StageSpec) -> str:
    number = len(stage.assignments)
    return f", {number} assignment{'' if number == 1 else 's'}" if number else ", no assignments"


def _drawn_target(
    stage: StageSpec, ids: Mapping[str, int], label: str, places: Mapping[layout.Spot, layout.Point]
) -> dict[str, Json]:
    x, y = places[stage.name, label]
    route = stage.routes[label]
    return {
        "key": f"target:{ids[stage.name]}:{label}",
        "element": _target_id(stage, ids[stage.name], label),
        "stage": ids[stage.name],
        "label": label,
        "says": _target_says(route),
        "route": route.model_dump(mode="json"),
        "x": x,
        "y": y,
    }


def _target_says(route: object) -> str:
    if not isinstance(route, WorkflowRoute):
        return ""
    then = "End the workflow" if route.continue_at == END else route.continue_at
    return f"Workflow target: {route.workflow}, continue at {then}"


def _target_id(stage: StageSpec, stage_id: int, label: str) -> str:
    return f"target-{stage_id}-{stage.outcomes.index(label) + 1}"


# Cards


def node(graph: Graph, place: int, hooks: Mapping[tuple[str, int], int], *, can_edit: bool) -> dict[str, Json]:
    """One stage, as builder/_node.html shows it; `hooks` are the ids of its hooks, by moment and position."""
    stage, stage_id = graph.spec.stages[place], graph.stage_ids[place]
    address = reverse("outcome-drawer", args=[stage_id])
    return {
        "id": stage_id,
        "name": stage.name,
        "says": f"Stage {place + 1}: {stage.name}{_count(stage)}",
        "task": " ".join(stage.task[: _WHOLE_PATTERN * 3].split()),
        "mode_label": _MODES.get(stage.mode, ""),
        "drawer_url": reverse("stage-drawer", args=[stage_id]),
        "chips": [
            {
                "id": pk,
                "number": number,
                "agent": assignment.agent,
                "capabilities": [(key.value, _CAPABILITIES[key.value]) for key in assignment.capabilities],
                "drawer_url": reverse("assignment-drawer", args=[pk]),
            }
            for number, (pk, assignment) in enumerate(
                zip(graph.assignment_ids[place], stage.assignments, strict=True), start=1
            )
        ],
        "entry_hooks": [_hook(hook, hooks.get(("entry", at))) for at, hook in enumerate(stage.entry_hooks)],
        "exit_hooks": [_hook(hook, hooks.get(("exit", at))) for at, hook in enumerate(stage.exit_hooks)],
        "outcomes": [
            {
                "id": f"outcome-{stage_id}-{number}",
                "label": label,
                "is_default": label == stage.default_outcome,
                "drawer_url": address,
            }
            for number, label in enumerate(stage.outcomes, start=1)
        ],
        "targets": [_target(graph, stage, stage_id, label) for label in layout.target_labels(stage)],
        "can_edit": can_edit,
    }


def _target(graph: Graph, stage: StageSpec, stage_id: int, label: str) -> dict[str, Json]:
    route = stage.routes[label]
    assert isinstance(route, WorkflowRoute)  # target_labels says so
    pk = graph.targets.get(route.workflow)
    return {
        "id": _target_id(stage, stage_id, label),
        "stage": stage_id,
        "says": _target_says(route),
        "workflow": route.workflow,
        "workflow_url": reverse("workflow", args=[pk]) if pk else "",
        "label": label,
        "continue_at": "" if route.continue_at == END else route.continue_at,
        "drawer_url": reverse("target-drawer", args=[stage_id]),
    }


def _hook(hook: HookBase, pk: int | None) -> dict[str, Json]:
    icon, word = _HOOKS[hook.kind]
    return {
        "id": pk,
        "icon": icon,
        "name": hook.name or word,
        "word": word,
        "drawer_url": reverse("hook-drawer", args=[pk]) if pk else "",
    }


def _hook_ids(graph: Graph) -> dict[int, dict[tuple[str, int], int]]:
    """The ids of the workflow's hooks, by stage."""
    found: dict[int, dict[tuple[str, int], int]] = {}
    rows = Hook.objects.filter(stage__workflow=graph.workflow).values_list("pk", "stage_id", "moment", "position")
    for pk, stage_id, moment, position in rows:
        found.setdefault(stage_id, {})[moment, position] = pk
    return found


def palette(graph: Graph) -> dict[str, Json]:
    """What can be dragged onto the canvas: the project's agents and workflows."""
    workflow = graph.workflow
    agents = agents_of(workflow.project_id).values_list("pk", "name", "role")
    return {
        "agents": [
            {
                "name": name,
                "role": role,
                "drawer_url": f"{reverse('agent-drawer', args=[pk])}?workflow={workflow.pk}",
            }
            for pk, name, role in agents
        ],
        "workflows": [
            {"name": name, "url": reverse("workflow", args=[pk]), "is_this": pk == workflow.pk}
            for name, pk in sorted(graph.targets.items(), key=lambda item: item[0].casefold())
        ],
    }
