"""The New workflow dialog: what a workflow can start from, and a small drawing of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse

from builder.spec import END, ApprovalHook, Capability, StageRoute, StageSpec, WorkflowRoute, WorkflowSpec
from builder.starters import STARTERS, starter
from projects.models import Project

Json = Any
BLANK = ""
_BLANK_CHOICE = {
    "key": BLANK,
    "title": "Blank workflow",
    "about": "One empty stage, to begin with your own.",
    "columns": [[{"name": "Stage 1", "kind": "stage"}]],
    "said": "One stage.",
}


@dataclass(frozen=True)
class _Node:
    """A stage by its position, or a workflow that is triggered by its name."""

    at: int | str


def dialog(project: Project, *, name: str, template: str, errors: Mapping[str, str] | None = None) -> dict[str, Json]:
    """The context of builder/_new_workflow.html. `name` and `template` are what was sent, `errors` why not."""
    model = project.default_model
    return {
        "project": {"name": project.name, "url": reverse("project", args=[project.slug])},
        "new_url": reverse("new-workflow", args=[project.slug]),
        "default_model": model,
        "values": {"name": name, "template": template},
        "choices": choices(),
        "errors": dict(errors or {}),
    }


@cache
def choices() -> tuple[dict[str, Json], ...]:
    """What is offered, the blank workflow first: key, title, about, columns of the drawing, and the same in words."""
    found = map(starter, STARTERS)
    return (
        _BLANK_CHOICE,
        *(
            {
                "key": each.key,
                "title": each.title,
                "about": each.about,
                "columns": columns(each.main),
                "said": said(each.main, each.others),
            }
            for each in found
        ),
    )


def said(spec: WorkflowSpec, others: tuple[str, ...]) -> str:
    """The drawing in words."""
    stages = f"Stages: {', '.join(stage.name for stage in spec.stages)}."
    return f"{stages} Triggers: {', '.join(others)}." if others else stages


def columns(spec: WorkflowSpec) -> list[list[dict[str, str]]]:
    """The parts of a workflow from left to right, where a run reaches each first; `kind`: stage, gate or workflow."""
    edges = list(_edges(spec))
    steps = {_Node(0): 0}
    to_see = [_Node(0)]
    for node in to_see:  # grows while it is walked
        for onward in (end for start, end in edges if start == node and end not in steps):
            steps[onward] = steps[node] + 1
            to_see.append(onward)
    found: list[list[dict[str, str]]] = [[] for _ in range(max(steps.values()) + 1)]
    for node, step in steps.items():
        found[step].append(_shown(spec, node))
    return found


def _shown(spec: WorkflowSpec, node: _Node) -> dict[str, str]:
    if isinstance(node.at, str):
        return {"name": node.at, "kind": "workflow"}
    stage = spec.stages[node.at]
    return {"name": stage.name, "kind": "gate" if _has_gate(stage) else "stage"}


def _has_gate(stage: StageSpec) -> bool:
    return any(isinstance(hook, ApprovalHook) for hook in stage.exit_hooks)


def _edges(spec: WorkflowSpec) -> Iterator[tuple[_Node, _Node]]:
    """What a run may come to after what. What agents trigger lies between their stage and the next one."""
    places = {stage.name: _Node(place) for place, stage in enumerate(spec.stages)}
    for at, stage in enumerate(spec.stages):
        here, called = _Node(at), _called(stage)
        yield from ((here, target) for target in called)
        for route in stage.routes.values():
            start, onward = here, route.stage if isinstance(route, StageRoute) else route.continue_at
            if isinstance(route, WorkflowRoute):
                start = _Node(route.workflow)
                yield here, start
            if onward != END:
                yield start, places[onward]
        if not stage.outcomes and at + 1 < len(spec.stages):
            yield from ((start, _Node(at + 1)) for start in called or [here])


def _called(stage: StageSpec) -> list[_Node]:
    callers = (each for each in stage.assignments if each.can(Capability.TRIGGER_WORKFLOWS))
    return [_Node(name) for each in callers for name in each.allowed_workflows]
