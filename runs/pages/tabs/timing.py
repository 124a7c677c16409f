"""What an agent or a stage did when: spans of one colour each. Pure: moments in, spans out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

WORKING, WORKFLOW, PERSON, QUEUED, RETRYING = "working", "workflow", "person", "queued", "retrying"
WORDS = {
    WORKING: "Working",
    WORKFLOW: "Waiting for a workflow",
    PERSON: "Waiting for a person",
    QUEUED: "Queued",
    RETRYING: "Retrying",
}


@dataclass(frozen=True, slots=True)
class Span:
    """What went on from `start` to `end`."""

    kind: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.end - self.start).total_seconds(), 0.0)


def with_gaps(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """The spans in order, cut where they overlap (the earlier one goes first), and what lies between as queued."""
    filled: list[Span] = []
    at = start
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        begin, until = max(span.start, at), min(span.end, end)
        if until <= begin:
            continue
        if begin > at:
            filled.append(Span(QUEUED, at, begin))
        filled.append(Span(span.kind, begin, until))
        at = until
    if end > at:
        filled.append(Span(QUEUED, at, end))
    return filled


_FIRST = {kind: rank for rank, kind in enumerate((WORKING, PERSON, WORKFLOW, RETRYING))}


def one_line(spans: Iterable[Span]) -> list[Span]:
    """What several did at once, on one line: that somebody works, else what is waited for. Being queued is left out."""
    marks = sorted(
        (at, step, _FIRST[span.kind])
        for span in spans
        if span.kind in _FIRST and span.end > span.start
        for at, step in ((span.start, 1), (span.end, -1))
    )
    kinds, line, open_now = list(_FIRST), list[Span](), [0] * len(_FIRST)
    for place, (at, step, rank) in enumerate(marks):
        open_now[rank] += step
        until = marks[place + 1][0] if place + 1 < len(marks) else at
        shown = next((kind for kind, count in zip(kinds, open_now, strict=True) if count), None)
        if shown is None or until <= at:
            continue
        if line and line[-1].kind == shown and line[-1].end == at:
            line[-1] = Span(shown, line[-1].start, until)
        else:
            line.append(Span(shown, at, until))
    return line


def totals(spans: Iterable[Span]) -> dict[str, float]:
    """Seconds by kind."""
    sums = dict.fromkeys(WORDS, 0.0)
    for span in spans:
        sums[span.kind] += span.seconds
    return sums


def last_to_end(ends: Sequence[tuple[str, datetime]]) -> str | None:
    """Of those at work side by side, the one for whom all others had to wait."""
    return max(ends, key=lambda each: each[1])[0] if ends else None
