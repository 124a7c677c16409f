"""What leads from where to where on the canvas: the edges, and what each says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.spec import END, ApprovalHook, StageSpec, WorkflowRoute

Json = Any
Edge = dict[str, Json]


def edges_of(stages: Sequence[StageSpec], ids: Mapping[str, int]) -> list[Edge]:
    """All edges: `from` and `to` are the keys of cards; `kind` is next, outcome, target (to a workflow) or continue
    (from a workflow); `button` is the id of the outcome's button, `says` where the edge leads."""
    return [edge for place in range(len(stages)) for edge in edges_from(stages, place, ids)]


def edges_from(stages: Sequence[StageSpec], place: int, ids: Mapping[str, int]) -> list[Edge]:
    """The edges of one stage, and of the workflows that it leads to."""
    stage = stages[place]
    following = stages[place + 1].name if place + 1 < len(stages) else END
    leading = [
        edge
        for number, label in enumerate(stage.outcomes, start=1)
        for edge in _of_outcome(stage, label, number, following, ids)
    ]
    start, ahead = _key(stage.name, ids), _key(following, ids)
    is_drawn = any(edge["from"] == start and edge["to"] == ahead for edge in leading)
    if _may_be_undecided(stage) and not is_drawn:
        leading.append({"from": start, "to": ahead, "kind": "next"})
    return leading


def _of_outcome(stage: StageSpec, label: str, number: int, following: str, ids: Mapping[str, int]) -> list[Edge]:
    route = stage.routes.get(label)
    start = _key(stage.name, ids)
    edge: Edge = {"from": start, "label": label, "button": f"outcome-{ids[stage.name]}-{number}", "kind": "outcome"}
    if isinstance(route, WorkflowRoute):
        card = f"target:{ids[stage.name]}:{label}"
        says = f"leads to the workflow {route.workflow}, then {_name(route.continue_at)}"
        return [
            {**edge, "to": card, "kind": "target", "says": says},
            {"from": card, "to": _key(route.continue_at, ids), "kind": "continue"},
        ]
    to = following if route is None else route.stage
    return [{**edge, "to": _key(to, ids), "says": f"leads to {_name(to)}"}]


def _may_be_undecided(stage: StageSpec) -> bool:
    """Whether a visit can end without an outcome: then the run goes to the next stage."""
    if not stage.outcomes:
        return True
    if stage.default_outcome is not None:
        return False
    gates = [hook for hook in stage.exit_hooks if isinstance(hook, ApprovalHook)]
    return not any(all(gate.options.values()) for gate in gates)


def _key(name: str, ids: Mapping[str, int]) -> str:
    return "end" if name == END else f"stage:{ids[name]}"


def _name(stage: str) -> str:
    return "End the workflow" if stage == END else stage
