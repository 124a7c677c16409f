"""Names: what they may hold, when two are the same, and the slug that is made of one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

from django.utils.text import slugify

MAX_NAME = 100
# Control, format (direction overrides, zero-width), surrogate, private use, unassigned, line and paragraph separators.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def name_key(text: str) -> str:
    """Two names with the same key are the same name: normalised, without case."""
    return _kept_key(text) if len(text) <= MAX_NAME else _key(text)


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


_kept_key = lru_cache(maxsize=4096)(_key)  # an edit asks for those of all stages, several times


def name_problem(text: str) -> str | None:
    """Why a text cannot be a name; None when it can."""
    if not text:
        return "must not be empty"
    if len(text) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if text != text.strip():
        return "must not begin or end with a space"
    if any(unicodedata.category(character) in _REFUSED for character in text):
        return "holds a control, direction or other unprintable character"
    return None


def slugify_unique(name: str, taken: Callable[[str], bool]) -> str:
    """The slug of a name, with -2, -3, … while `taken` says that it is in use."""
    base = slugify(name)[:90] or "project"
    slug, number = base, 1
    while taken(slug):
        number += 1
        slug = f"{base}-{number}"
    return slug
