"""Small shapes that several pages show: a named value, and where an outcome leads."""

from __future__ import annotations

import json
from typing import Any

from builder.spec import END, StageSpec, WorkflowRoute
from runs.pages.readable import cut

Json = Any


def entry(key: str, value: Json) -> dict[str, Json]:
    """A named value as components/_value.html shows it."""
    is_json = not isinstance(value, str)
    return {
        "key": key,
        "text": cut(json.dumps(value, indent=2, ensure_ascii=False) if is_json else value)[0],
        "is_json": is_json,
    }


def route_words(spec: StageSpec, outcome: str | None, stages: tuple[StageSpec, ...], index: int) -> dict[str, Json]:
    """Where an outcome leads, as components/_route.html shows it."""
    route = spec.routes.get(outcome) if outcome is not None else None
    names = [stage.name for stage in stages]
    if route is None:
        following = names[index + 1] if index + 1 < len(names) else ""
        return {"kind": "next", "stage": following} if following else {"kind": "end"}
    if isinstance(route, WorkflowRoute):
        continue_at = "" if route.continue_at == END else route.continue_at
        return {"kind": "workflow", "workflow": route.workflow, "workflow_url": "", "continue_at": continue_at}
    if route.stage == END:
        return {"kind": "end"}
    place = names.index(route.stage)
    return {"kind": "stage", "stage": route.stage, "stage_number": place + 1, "loops": place <= index}
