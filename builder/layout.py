"""Where the cards of the canvas stand when nobody has moved them: in rows, in reading order. Pixels; pure.

A spot is a stage's name and a label: empty for the stage's own card, an outcome's for the card of the workflow that it
leads to. Its place is the left upper corner of the card itself: the chips of a stage's assignments stand above it, so
that a stage that gets one more agent stays where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from builder.kept import PerStage
from builder.spec import StageSpec, WorkflowRoute, WorkflowSpec

Spot = tuple[str, str]
Point = tuple[int, int]

GRID = 4
CARD_WIDTH = 248
CARD_HEIGHT = 60
CHIP_HEIGHT = 30  # one assignment
HOOK_HEIGHT = 28
TARGET_WIDTH = 200
TARGET_HEIGHT = 64
END_WIDTH = 164
END_HEIGHT = 36
COLUMN = 344  # from one card's left side to the next one's
ROW_GAP = 112
TARGET_GAP = 56
_MARGIN = 40
_WINDOW = (1200, 720)  # the columns are chosen for a window of this shape
_MOST_COLUMNS = 24
_TRIES = 40  # places that are looked at for a card that came later


def rows(spec: WorkflowSpec) -> dict[Spot, Point]:
    """The place of every card, by its spot. The cards of one row stand on one line, and the workflows they lead to
    stand below them."""
    columns = _columns(spec.stages)
    places: dict[Spot, Point] = {}
    top = _MARGIN
    for start in range(0, len(spec.stages), columns):
        row = spec.stages[start : start + columns]
        line = top + max(chips_height(stage) for stage in row)
        for index, stage in enumerate(row):
            left = _MARGIN + index * COLUMN
            places[stage.name, ""] = (left, line)
            for number, label in enumerate(target_labels(stage)):
                places[stage.name, label] = (left + 6 * GRID, line + _below(stage, number))
        top = line + max(_below(stage, len(target_labels(stage))) - TARGET_GAP for stage in row) + ROW_GAP
    return places


def standing(spec: WorkflowSpec, stored: Mapping[Spot, Point]) -> dict[Spot, Point]:
    """Where every card stands: where it was put, and what came later at a free place beside the stage before it.

    A workflow whose stages were never put anywhere stands in rows.
    """
    if not any((stage.name, "") in stored for stage in spec.stages):
        return {**rows(spec), **{spot: place for spot, place in stored.items() if spot[1]}}
    places: dict[Spot, Point] = {}
    for stage in spec.stages:
        for spot in spots_of(stage):
            if spot in stored:
                places[spot] = stored[spot]
    if len(places) == sum(len(spots_of(stage)) for stage in spec.stages):
        return places
    last: Point = (_MARGIN - COLUMN, _MARGIN)
    for stage in spec.stages:
        if (stage.name, "") not in places:
            right = (last[0] + COLUMN, last[1])
            places[stage.name, ""] = _free(right, card_height(stage) + ROW_GAP, places.values())
        last = places[stage.name, ""]
        for number, label in enumerate(target_labels(stage)):
            if (stage.name, label) not in places:
                room = 0 if stage.entry_hooks or stage.exit_hooks else HOOK_HEIGHT  # a gate often comes next
                below = (last[0] + 6 * GRID, last[1] + room + _below(stage, number))
                places[stage.name, label] = _free(below, TARGET_HEIGHT + TARGET_GAP // 2, places.values())
    return places


def end_place(places: Mapping[Spot, Point], last: StageSpec) -> Point:
    """Where the mark of the workflow's end stands: behind its last stage."""
    left, top = places[last.name, ""]
    others = [place for spot, place in places.items() if spot != (last.name, "")]
    place = _free((left + COLUMN, top), CARD_HEIGHT + TARGET_GAP, others)
    return (place[0], place[1] + (CARD_HEIGHT - END_HEIGHT) // 2)


def card_height(stage: StageSpec) -> int:
    """How high a stage's card is, with its hooks, without the chips above it."""
    return CARD_HEIGHT + HOOK_HEIGHT * max(len(stage.entry_hooks), len(stage.exit_hooks))


def chips_height(stage: StageSpec) -> int:
    """How high the chips above a stage's card are."""
    return CHIP_HEIGHT * len(stage.assignments)


def cards_of(spec: WorkflowSpec) -> set[Spot]:
    """The spots of all cards."""
    return {spot for stage in spec.stages for spot in spots_of(stage)}


@PerStage
def spots_of(stage: StageSpec) -> tuple[Spot, ...]:
    """The spots of a stage's card and of those of its targets, in order."""
    return ((stage.name, ""), *((stage.name, label) for label in target_labels(stage)))


def target_labels(stage: StageSpec) -> list[str]:
    """The outcomes that lead to a workflow, in order: each has a card."""
    return [label for label in stage.outcomes if isinstance(stage.routes.get(label), WorkflowRoute)]


def _below(stage: StageSpec, number: int) -> int:
    """How far below a stage's upper side its target with this number stands."""
    return card_height(stage) + TARGET_GAP + number * (TARGET_HEIGHT + TARGET_GAP // 2)


def _free(wanted: Point, step: int, taken: Collection[Point]) -> Point:
    """The first place from `wanted` downwards on which no card stands."""
    for number in range(_TRIES):
        place = (wanted[0], wanted[1] + number * step)
        if not any(
            abs(place[0] - x) < CARD_WIDTH and abs(place[1] - y) < CARD_HEIGHT + TARGET_GAP // 2 for x, y in taken
        ):
            return place
    return wanted


def _columns(stages: Sequence[StageSpec]) -> int:
    """The number of columns at which the whole can be shown largest."""
    tallest = max(chips_height(stage) + card_height(stage) for stage in stages) + ROW_GAP
    most = min(len(stages), _MOST_COLUMNS)

    def scale(columns: int) -> float:
        lines = -(-len(stages) // columns)
        return min(_WINDOW[0] / (columns * COLUMN), _WINDOW[1] / (lines * tallest), 1.0)

    return max(range(1, most + 1), key=lambda columns: (scale(columns), columns))
