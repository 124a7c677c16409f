"""Where the cards of the canvas stand: last writer wins, no revision, and yet every move can be undone."""

from __future__ import annotations

from collections.abc import Mapping

from builder.layout import Point, Spot, rows, standing
from builder.models import Place, Stage, Workflow
from builder.part_rows import placed
from builder.patches import Entry, Patch
from builder.publish import read_stored
from builder.spec import WorkflowSpec


def places_of(workflow: Workflow) -> dict[Spot, Point]:
    """The places that people have chosen."""
    return placed(workflow.pk)


def settle(workflow: Workflow, spec: WorkflowSpec) -> dict[Spot, Point]:
    """Keep where every card of `spec`, which is stored, stands now: no later edit moves one that it does not name.
    Returns all places."""
    stored = places_of(workflow)
    everything = standing(spec, stored)
    fresh = {spot: place for spot, place in everything.items() if spot not in stored}
    if fresh:
        ids = dict(Stage.objects.filter(workflow=workflow).values_list("name", "pk"))
        Place.objects.bulk_create(
            Place(stage_id=ids[name], label=label, x=x, y=y) for (name, label), (x, y) in fresh.items()
        )
    return {**stored, **everything}


def put_places(workflow: Workflow, places: Mapping[Spot, Point | None]) -> Patch:
    """Put these cards there; None puts one where the layout has it. Names of stages that are gone are passed over."""
    before = places_of(workflow)
    ids = dict(Stage.objects.filter(workflow=workflow).values_list("name", "pk"))
    changed = {spot: place for spot, place in places.items() if spot[0] in ids and before.get(spot) != place}
    for spot in changed:
        if changed[spot] is None:
            Place.objects.filter(stage=ids[spot[0]], label=spot[1]).delete()
    Place.objects.bulk_create(
        (
            Place(stage_id=ids[name], label=label, x=spot[0], y=spot[1])
            for (name, label), spot in changed.items()
            if spot
        ),
        update_conflicts=True,
        unique_fields=["stage", "label"],
        update_fields=["x", "y"],
    )
    return place_patch(before, {**before, **changed})


def place_patch(before: Mapping[Spot, Point], after: Mapping[Spot, Point | None]) -> Patch:
    """What differs between two sets of places, as entries of a patch."""
    patch: Patch = []
    for spot in dict.fromkeys([*before, *after]):
        was, now = before.get(spot), after.get(spot)
        if was == now:
            continue
        entry: Entry = {"at": ["place", *spot]}
        if was is not None:
            entry["was"] = list(was)
        if now is not None:
            entry["now"] = list(now)
        patch.append(entry)
    return patch


def places_in(patch: Patch) -> dict[Spot, Point | None]:
    """Where the patch wants cards to be."""
    return {
        (entry["at"][1], entry["at"][2]): tuple(entry["now"]) if "now" in entry else None
        for entry in patch
        if entry["at"][0] == "place"
    }


def tidy_places(workflow: Workflow) -> dict[Spot, Point | None]:
    """Every card where the layout puts it."""
    return {**dict.fromkeys(places_of(workflow)), **rows(read_stored(workflow))}
