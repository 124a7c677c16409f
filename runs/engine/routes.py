"""Where an outcome leads, as one text: equal routes have equal texts."""

from __future__ import annotations

from builder.spec import StageRoute, StageSpec

NEXT = "next"


def target_text(stage: StageSpec, outcome: str) -> str:
    """`next`, `stage:NAME` (`stage:end` is the end) or `workflow:NAME>CONTINUE AT`."""
    route = stage.routes.get(outcome)
    if route is None:
        return NEXT
    return f"stage:{route.stage}" if isinstance(route, StageRoute) else f"workflow:{route.workflow}>{route.continue_at}"
