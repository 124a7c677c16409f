"""Cron expressions of schedules: five plain fields, and a time zone that exists."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

_FIELD = re.compile(r"[0-9A-Za-z*/,\-]+")
_WORDS = re.compile(r"[A-Za-z]+")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def zone_problem(name: str) -> str | None:
    """Why `name` is no time zone, or None."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; outside the database; a folder of it
        return f"there is no time zone {name!r}; write one like Europe/Berlin"
    return None


def cron_problem(cron: str) -> str | None:
    """Why `cron` is no expression that Baton runs, or None. It must have five fields and fire at least once."""
    fields = cron.split()
    if len(fields) != 5:
        return f"a cron has five fields (minute hour day month weekday); this one has {len(fields)}"
    strange = next((field for field in fields if not _FIELD.fullmatch(field) or not _plain_words(field)), None)
    if strange is not None:
        return f"{strange!r} is no field of a cron"
    try:
        croniter(cron, datetime(2000, 1, 1)).get_next(datetime)
    except CroniterBadDateError:
        return "this cron never fires"
    except (CroniterError, ValueError, OverflowError) as error:
        return f"is no cron: {error}"
    return None


def _plain_words(field: str) -> bool:
    return all(word.upper() in _DAYS + _MONTHS for word in _WORDS.findall(field))
