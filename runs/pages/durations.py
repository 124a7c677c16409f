"""How long something took, in words: the same everywhere, whoever counts the seconds."""

from __future__ import annotations

from datetime import datetime


def took(seconds: float | None) -> str:
    """ "0.4 s", "12 s", "3 min 5 s", "2 h 10 min", "3 d 4 h": two units at most, rounded once; a dash for none."""
    if seconds is None:
        return "–"
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole, 60, "min", "s")
    minutes = round(seconds / 60)
    return _two(minutes, 60, "h", "min") if minutes < 24 * 60 else _two(round(seconds / 3600), 24, "d", "h")


def between(since: datetime | None, until: datetime | None) -> str:
    """The same from one moment to another; a dash where one is missing."""
    return took(None if since is None or until is None else (until - since).total_seconds())


def _two(count: int, size: int, large: str, small: str) -> str:
    most, rest = divmod(count, size)
    return f"{most} {large} {rest} {small}" if rest else f"{most} {large}"
