"""What a workflow's page needs to stay in step with others: its socket, and who has changed what since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from builder.history import last_number, name_of
from builder.models import Assignment, Edit, Workflow
from builder.presence import COLOURS

Json = Any
At = tuple[str, ...]
_MOST = 50  # edits that are told one by one


def live(workflow: Workflow, view: str) -> dict[str, Json]:
    """The context of builder/_live.html; `view` is outline or canvas."""
    return {
        "socket_url": f"/ws/workflows/{workflow.pk}",
        "sync_url": f"/w/{workflow.pk}/sync?view={view}",
        "seq": last_number(workflow.pk),
        "now": timezone.now(),
    }


def news(stage_ids: Mapping[str, int], later: Sequence[Edit], viewer: User) -> list[dict[str, Json]]:
    """Of the edits `later` than what a page shows, oldest first, the newest fifty: the context of
    builder/_news.html. `stage_ids` are those of all stages, by name."""
    edits = later[-_MOST:]
    if not edits:
        return []
    objects = [_objects(edit, edits[index + 1 :]) for index, edit in enumerate(edits)]
    ids = _ids(stage_ids, {at for found in objects for at in found})
    return [
        {
            "number": edit.number,
            "by": name_of(edit.user),
            "colour": (edit.user_id or 0) % COLOURS,
            "you": edit.user_id == viewer.pk,
            "what": edit.summary,
            "at": " ".join(dict.fromkeys(ids[at] for at in found if at in ids)),
        }
        for edit, found in zip(edits, objects, strict=True)
    ]


def _objects(edit: Edit, later: Iterable[Edit]) -> list[At]:
    """What the edit changed, in the names that it has now. Where cards of the canvas stand is nobody's work."""
    renames = [other.renames for other in later]
    found: list[At] = []
    for entry in edit.patch:
        at = tuple(entry["at"])
        if at[0] == "place":
            continue
        if len(at) == 1:
            found.append(("stages",) if at[0] == "stages" else ("workflow",))
            continue
        name = at[1]
        for names in renames:
            name = names.get(name, name)
        found.append(("assignment", name, at[2]) if at[0] == "assignment" else ("stage", name))
    return found


def _ids(stage_ids: Mapping[str, int], places: Collection[At]) -> dict[At, str]:
    """What pages call these objects, drawers above all: ("stage", "Draft") is stage:12."""
    names = {at[1] for at in places if len(at) > 1 and at[1] in stage_ids}
    ids: dict[At, str] = {("stage", name): f"stage:{stage_ids[name]}" for name in names}
    ids |= {("workflow",): "workflow", ("stages",): "stages"}
    if not any(at[0] == "assignment" for at in places):
        return ids
    rows = Assignment.objects.filter(stage__in=[stage_ids[name] for name in names]).order_by("position")
    for pk, stage, agent in rows.values_list("pk", "stage__name", "agent__name"):
        key, turn = agent, 1
        while ("assignment", stage, key) in ids:  # the agent stands on the stage more than once
            turn += 1
            key = f"{agent}\n{turn}"
        ids["assignment", stage, key] = f"assignment:{pk}"
    return ids
