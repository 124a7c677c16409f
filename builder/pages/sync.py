"""What a page of the builder that shows edit N needs to show what is there now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builder.history import since, touched_names
from builder.models import Edit, Workflow
from builder.pages.canvas import canvas_partials
from builder.pages.graph import graph_of
from builder.pages.live import news
from builder.pages.outline import card, shell
from builder.patches import reorders
from projects.access import Caller, Role, role_of

Json = Any
VIEWS = ("outline", "canvas")
_MOST_EDITS = 50  # behind by more than this the whole list comes


def sync(caller: Caller, workflow: Workflow, *, view: str, number: int) -> dict[str, Json]:
    """The context of builder/_sync.html: what changed after edit `number`, for a page of this `view`."""
    graph = graph_of(workflow)
    edits = since(workflow.pk, number)
    names, listed = _changed(edits, number)
    role = role_of(caller, workflow.project)
    can_edit = role is not None and role >= Role.EDITOR
    context = {
        **shell(caller, graph, edits[-1].number if edits else None),
        "view": view,
        "listed": listed,
        "can_edit": can_edit,
    }
    context["news"] = news(workflow.pk, edits, caller.user)
    if view == "canvas":
        changed = {graph.stage_ids[place] for place, stage in enumerate(graph.spec.stages) if stage.name in names}
        return {**context, **canvas_partials(graph, changed, listed=listed, can_edit=can_edit)}
    places = range(len(graph.stage_ids))
    return {
        **context,
        "stages": [
            card(graph, place, can_edit=can_edit)
            for place in places
            if listed or graph.spec.stages[place].name in names
        ],
    }


def _changed(edits: Sequence[Edit], number: int) -> tuple[set[str], bool]:
    """The names of the stages that changed, and whether the list itself did."""
    if not edits:
        return set(), False
    beyond = len(edits) > _MOST_EDITS or edits[0].number != number + 1
    return touched_names(edits), beyond or any(edit.renames or reorders(edit.patch) for edit in edits)
