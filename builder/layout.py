"""Where the cards of the canvas stand when nobody has moved them: in rows, in reading order. Pixels; pure.

A spot is a stage's name and a label: empty for the stage's own card, an outcome's for the card of the workflow that it
leads to. Stages of one row stand on one line at their feet, and the workflows they lead to stand below them.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.spec import StageSpec, WorkflowRoute, WorkflowSpec

Spot = tuple[str, str]
Point = tuple[int, int]

GRID = 4
CARD_WIDTH = 248
CARD_HEIGHT = 60
CHIP_HEIGHT = 30  # one assignment
HOOK_HEIGHT = 28
TARGET_HEIGHT = 64
COLUMN = 344  # from one card's left side to the next one's
ROW_GAP = 112
TARGET_GAP = 40
_MARGIN = 40
_WINDOW = (1200, 720)  # the columns are chosen for a window of this shape
_MOST_COLUMNS = 24


def rows(spec: WorkflowSpec) -> dict[Spot, Point]:
    """The place of every card, by its spot: the left upper corner."""
    columns = _columns(spec.stages)
    places: dict[Spot, Point] = {}
    top = _MARGIN
    for start in range(0, len(spec.stages), columns):
        row = spec.stages[start : start + columns]
        foot = top + max(card_height(stage) for stage in row)
        for index, stage in enumerate(row):
            left = _MARGIN + index * COLUMN
            places[stage.name, ""] = (left, foot - card_height(stage))
            for number, label in enumerate(target_labels(stage)):
                below = foot + TARGET_GAP + number * (TARGET_HEIGHT + TARGET_GAP // 2)
                places[stage.name, label] = (left + 6 * GRID, below)
        top = foot + _below(row) + ROW_GAP
    return places


def card_height(stage: StageSpec) -> int:
    """How high a stage's card is, its chips and hooks included."""
    hooks = len(stage.entry_hooks) + len(stage.exit_hooks)
    return CARD_HEIGHT + CHIP_HEIGHT * len(stage.assignments) + HOOK_HEIGHT * hooks


def target_labels(stage: StageSpec) -> list[str]:
    """The outcomes that lead to a workflow, in order: each has a card."""
    return [label for label in stage.outcomes if isinstance(stage.routes.get(label), WorkflowRoute)]


def _below(row: Sequence[StageSpec]) -> int:
    most = max(len(target_labels(stage)) for stage in row)
    return TARGET_GAP + most * (TARGET_HEIGHT + TARGET_GAP // 2) if most else 0


def _columns(stages: Sequence[StageSpec]) -> int:
    """The number of columns at which the whole can be shown largest."""
    tallest = max(card_height(stage) for stage in stages) + ROW_GAP
    most = min(len(stages), _MOST_COLUMNS)

    def scale(columns: int) -> float:
        lines = -(-len(stages) // columns)
        return min(_WINDOW[0] / (columns * COLUMN), _WINDOW[1] / (lines * tallest), 1.0)

    return max(range(1, most + 1), key=lambda columns: (scale(columns), columns))
