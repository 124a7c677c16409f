"""Small bar charts as numbers for a template: what stands where in the picture, and the same as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
WIDTH, HEIGHT = 320, 96  # of the picture's own units; the page scales it
_GAP = 0.25  # share of a bar's room that stays free


@dataclass(frozen=True, slots=True)
class Bar:
    """One place on the axis: its label, the parts of its bar from the bottom up, and its value in words."""

    label: str
    parts: Sequence[tuple[str, float]]  # (tone, value)
    words: str


def chart(title: str, bars: Sequence[Bar], *, top: str) -> dict[str, Json]:
    """The context of runs/_chart.html. `top` says in words what the highest bar is."""
    highest = max((sum(value for _, value in bar.parts) for bar in bars), default=0.0)
    room = WIDTH / max(len(bars), 1)
    return {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "top": top if highest else "",
        "empty": not highest,
        "first": bars[0].label if bars else "",
        "last": bars[-1].label if bars else "",
        "bars": [_bar(bar, place * room, room, highest) for place, bar in enumerate(bars)],
    }


def _bar(bar: Bar, left: float, room: float, highest: float) -> dict[str, Json]:
    parts, y = [], float(HEIGHT)
    for tone, value in bar.parts:
        height = value / highest * HEIGHT if highest else 0.0
        if height:
            height = max(height, 1.5)  # one failure among thousands is seen
            y -= height
            parts.append({"tone": tone, "y": f"{max(y, 0):.1f}", "height": f"{height:.1f}"})
    return {
        "label": bar.label,
        "words": bar.words,
        "x": f"{left + room * _GAP / 2:.1f}",
        "room_x": f"{left:.1f}",
        "room": f"{room:.1f}",
        "width": f"{room * (1 - _GAP):.1f}",
        "parts": parts,
    }


SPARK_WIDTH, SPARK_HEIGHT = 120, 20


def spark(values: Sequence[tuple[str, float, str]], tone: str = "plain") -> dict[str, Json]:
    """The context of projects/_spark.html, from (label, value, value in words): bars in a row of a table.

    `says` names the highest, for whoever cannot see it; empty where there is nothing.
    """
    highest = max((value for _, value, _ in values), default=0.0)
    room = SPARK_WIDTH / max(len(values), 1)
    bars = []
    for place, (label, value, words) in enumerate(values):
        if value > 0:
            height = max(value / highest * SPARK_HEIGHT, 1.5)
            bars.append(
                {
                    "x": f"{(place + _GAP / 2) * room:.1f}",
                    "y": f"{SPARK_HEIGHT - height:.1f}",
                    "width": f"{room * (1 - _GAP):.1f}",
                    "height": f"{height:.1f}",
                    "words": f"{label}: {words}",
                }
            )
    top = next((f"at most {words}, {label}" for label, value, words in values if value == highest > 0), "")
    return {"width": SPARK_WIDTH, "height": SPARK_HEIGHT, "tone": tone, "bars": bars, "says": top}


def amount(value: float) -> str:
    """A count in few figures: "950", "12.3 k", "4.1 M"."""
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{value / (1e6 if unit == 'M' else 1e3):.1f} {unit}"
    return f"{value:,.0f}".replace(",", " ")


def share(rate: float | None) -> str:
    """A share in per cent; only all is 100 %."""
    if rate is None:
        return "–"
    return f"{min(rate * 100, 99.9):.1f} %".replace(".0 %", " %") if rate < 1 else "100 %"
