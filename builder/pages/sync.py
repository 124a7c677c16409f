"""What a page of the builder that shows edit N needs to show what is there now."""

from __future__ import annotations

from typing import Any

from builder.history import is_told_of_names, last_number, since
from builder.models import Edit, Workflow
from builder.pages.canvas import canvas_partials, palette
from builder.pages.changed import Changed, changed_since
from builder.pages.graph import Graph, graph_of
from builder.pages.live import news
from builder.pages.outline import card, shell
from builder.queries import workflow_by_id
from projects.access import Caller, Role, role_of

Json = Any
VIEWS = ("outline", "canvas")
_TITLE = (["name"], ["description"])  # where a patch changes what stands above the stages


def sync(
    caller: Caller,
    workflow: Workflow,
    *,
    view: str,
    number: int,
    problems_mark: str | None = None,
    can_edit: bool | None = None,
    made: Edit | None = None,
) -> dict[str, Json]:
    """The context of builder/_sync.html: what changed after edit `number`, for a page of this `view`.

    `problems_mark` is the mark of the problems that it lists, where it says so: the same ones are not sent again.
    `can_edit`: whether the caller may edit, where that is known. `made`: the edit with which `workflow` was read,
    where that was not in the snapshot in which this is asked. A page that took the number of an edit without what it
    changed would never hear of that.
    """
    if made is not None and made.number == number + 1 == last_number(workflow.pk):
        edits = [made]
    else:
        edits = since(workflow.pk, number)
        if made is not None and edits and edits[-1].number != made.number:
            workflow = workflow_by_id(caller, workflow.pk)
    graph = graph_of(workflow)
    changed = changed_since(number, edits, graph.spec)
    if can_edit is None:
        role = role_of(caller, workflow.project)
        can_edit = role is not None and role >= Role.EDITOR
    context = {
        **shell(caller, graph, edits[-1] if edits else None, problems_mark),
        "view": view,
        "can_edit": can_edit,
        "news": news(graph.ids, edits, caller.user),
        "retitled": any(entry["at"] in _TITLE for edit in edits for entry in edit.patch),
    }
    if view == "canvas":
        called = {"palette": palette(graph)} if context["retitled"] or is_told_of_names(edits) else {}
        return {**context, **called, **canvas_partials(graph, changed, can_edit=can_edit)}
    return {**context, **_outline_cards(graph, changed, can_edit=can_edit)}


def _outline_cards(graph: Graph, changed: Changed, *, can_edit: bool) -> dict[str, Json]:
    """The cards that changed; all of them where the list itself did."""
    listed = changed.listed or changed.renamed or changed.beyond
    return {
        "listed": listed,
        "stages": [
            card(graph, place, can_edit=can_edit)
            for place, stage in enumerate(graph.spec.stages)
            if listed or stage.name in changed.cards
        ],
    }
