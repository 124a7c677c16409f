"""The version that a run executes, drawn: cards at the places of the canvas, and which ways the run took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from builder import layout
from builder.layout import Point, Spot
from builder.models import Workflow
from builder.operations.placing import places_of
from builder.pages.canvas_edges import edges_of
from builder.spec import END, ApprovalHook, Capability, StageRoute, StageSpec, WorkflowRoute, WorkflowSpec
from runs.engine.status import RunStatus, StageStatus
from runs.models import WorkflowRun

Json = Any
WAIT_HEIGHT = 40  # what an agent waits for, below its chip: kept free for those who may trigger workflows
LINE_HEIGHT = 24  # the outcome of a stage, inside its card
GATE_HEIGHT = 220  # kept free below a stage that asks people
_SAME_ROW = 40


def drawn(spec: WorkflowSpec, workflow: Workflow | None) -> dict[str, Json]:
    """The graph as static/js/canvas/graph.js reads it; ids are positions from 1. The cards stand where people put those
    of the same name, with room made for what only a run shows, so that nothing moves while it goes on."""
    places = _with_room(spec, layout.standing(spec, places_of(workflow) if workflow else {}))
    ids = ids_of(spec)
    end = layout.end_place(places, spec.stages[-1])
    return {
        "stages": [_stage(place, stage, places) for place, stage in enumerate(spec.stages, start=1)],
        "targets": [
            _target(stage, ids[stage.name], label, places)
            for stage in spec.stages
            for label in layout.target_labels(stage)
        ],
        "end": {"key": "end", "x": end[0], "y": end[1]},
        "edges": edges_of(spec.stages, ids),
    }


def ids_of(spec: WorkflowSpec) -> dict[str, int]:
    """The ids of the stages on this page: their positions from 1."""
    return {stage.name: place for place, stage in enumerate(spec.stages, start=1)}


def target_id(stage: StageSpec, place: int, label: str) -> str:
    """The id of the card of the workflow that an outcome leads to; `place` counts from 1."""
    return f"target-{place}-{stage.outcomes.index(label) + 1}"


def _stage(place: int, stage: StageSpec, places: Mapping[Spot, Point]) -> dict[str, Json]:
    x, y = places[stage.name, ""]
    return {
        "id": place,
        "key": f"stage:{place}",
        "name": stage.name,
        "x": x,
        "y": y,
        "h": layout.CARD_HEIGHT + _inside(stage),
        "above": layout.chips_height(stage) + _above(stage),
    }


def _target(stage: StageSpec, place: int, label: str, places: Mapping[Spot, Point]) -> dict[str, Json]:
    x, y = places[stage.name, label]
    return {
        "key": f"target:{place}:{label}",
        "element": target_id(stage, place, label),
        "stage": place,
        "label": label,
        "x": x,
        "y": y,
    }


# Room for what only a run shows


def _above(stage: StageSpec) -> int:
    return WAIT_HEIGHT * sum(Capability.TRIGGER_WORKFLOWS in each.capabilities for each in stage.assignments)


def _inside(stage: StageSpec) -> int:
    return LINE_HEIGHT if stage.outcomes else 0


def _below(stage: StageSpec) -> int:
    """A gate hangs below its stage. Of the height of hooks on the canvas nothing is needed here."""
    asks = any(isinstance(hook, ApprovalHook) for hook in (*stage.entry_hooks, *stage.exit_hooks))
    hooks = layout.card_height(stage) - layout.CARD_HEIGHT
    return max(_inside(stage) + (GATE_HEIGHT if asks else 0) - hooks, 0)


def _with_room(spec: WorkflowSpec, places: Mapping[Spot, Point]) -> dict[Spot, Point]:
    """The places, with everything below a row moved down by what the row needs more than on the canvas."""
    shifts: list[tuple[int, int]] = []  # from this height on: so much further down
    for row in _rows_of(spec, places):
        heights = [places[stage.name, ""][1] for stage in row]
        shifts.append((min(heights), max(map(_above, row))))
        shifts.append((max(heights) + 1, max(map(_below, row))))
    return {spot: (x, y + sum(more for start, more in shifts if start <= y)) for spot, (x, y) in places.items()}


def _rows_of(spec: WorkflowSpec, places: Mapping[Spot, Point]) -> list[list[StageSpec]]:
    rows: list[list[StageSpec]] = []
    for stage in sorted(spec.stages, key=lambda each: places[each.name, ""][1]):
        height = places[stage.name, ""][1]
        if rows and height - places[rows[-1][0].name, ""][1] < _SAME_ROW:
            rows[-1].append(stage)
        else:
            rows.append([stage])
    return rows


# The way that was taken


class Visited(Protocol):
    """What is to be known of a visit."""

    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def outcome(self) -> str | None: ...


def taken(run: WorkflowRun, spec: WorkflowSpec, visits: Sequence[Visited]) -> dict[str, int]:
    """How often each edge was followed, by its id (`idOf` in static/js/canvas/edges.js). `visits` in order of entry.

    What the loop guard sends forward follows no edge.
    """
    ids = ids_of(spec)
    over = run.status == RunStatus.COMPLETED.value
    after = [*(visit.name for visit in visits[1:]), END if over else None][: len(visits)]
    # A loop takes the same few ways a thousand times.
    steps = Counter(
        (visit.position, visit.outcome, following)
        for visit, following in zip(visits, after, strict=True)
        if visit.status != StageStatus.RUNNING.value
    )
    counts: Counter[str] = Counter()
    for (position, outcome, following), times in steps.items():
        for way in _followed(spec, ids, position, outcome, following):
            counts[way] += times
    return dict(counts)


def _followed(
    spec: WorkflowSpec, ids: Mapping[str, int], position: int, outcome: str | None, following: str | None
) -> list[str]:
    stage = spec.stages[position]
    start = f"stage:{position + 1}"
    route = stage.routes.get(outcome) if outcome else None
    if isinstance(route, WorkflowRoute):
        ways = [f"{start}>{outcome}"]
        return [*ways, f"target:{ids[stage.name]}:{outcome}>continue"] if following == route.continue_at else ways
    after = position + 1
    ahead = spec.stages[after].name if after < len(spec.stages) else END
    goal = route.stage if isinstance(route, StageRoute) else ahead
    if following != goal:
        return []
    return [f"{start}>{outcome}" if outcome in stage.outcomes else f"{start}>next"]
