"""Text of agents and people, made fit for a page. Markup needs nothing here: templates escape."""

from __future__ import annotations

import re
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

Json = Any
LONGEST = 100_000  # characters of one value on a page; all of it can be downloaded
_MOST_LEAVES = 1_500  # of a JSON value on a page
# Colours and cursor movements of terminals, then what is left of control characters, and halves of surrogate pairs.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Marks that turn the direction of what follows, which would let a text show itself, or what stands beside it, reversed.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile(r"[\ud800-\udfff]")
_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_HEADINGS = re.compile(r"^(#{1,4})(?=\s)", re.MULTILINE)


def readable(text: str) -> str:
    """The text without terminal codes, control characters and turns of its direction; what is no character becomes the
    replacement mark."""
    return _HALVES.sub("\ufffd", _CONTROL.sub("\ufffd", _TURNS.sub("", _ANSI.sub("", text))))


def cut(text: str, longest: int = LONGEST) -> tuple[str, int]:
    """The readable beginning of a text, and how many characters were left out."""
    return readable(text[:longest]), max(len(text) - longest, 0)


def markdown(text: str) -> SafeString:
    """The text as HTML of a few harmless tags: raw HTML and pictures are shown as they were written, never run.

    Headings begin below those of the page. Links go to http, https and mailto only.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    lowered = _HEADINGS.sub(lambda found: "#" * min(len(found[1]) + 2, 6), readable(text))
    raw = reader.render(lowered)
    cleaned = nh3.clean(raw, tags=_TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https", "mailto"})
    return mark_safe(cleaned)  # noqa: S308 - cleaned in the line above


def leaves(value: Json) -> dict[str, Json]:
    """A JSON value as a tree: `rows` as in runs/_json.html, and how many values were `left` out."""
    budget = [_MOST_LEAVES]
    left = [0]

    def row(name: str, item: Json, depth: int) -> dict[str, Json]:
        budget[0] -= 1
        if not isinstance(item, dict | list):
            text, more = cut(_scalar(item), 5_000)
            return {"name": name, "text": text + ("…" if more else ""), "kind": _kind(item), "rows": None}
        pairs = (
            list(item.items()) if isinstance(item, dict) else [(str(place), each) for place, each in enumerate(item)]
        )
        rows = []
        for key, each in pairs:
            if budget[0] <= 0:
                left[0] += 1
                continue
            rows.append(row(readable(str(key)), each, depth + 1))
        shape = f"{len(pairs)} {'entry' if len(pairs) == 1 else 'entries'}"
        return {"name": name, "text": shape, "kind": "branch", "rows": rows, "open": depth < 2}

    return {"rows": row("", value, 0)["rows"] or [], "left": left[0]}


def _scalar(item: Json) -> str:
    if isinstance(item, str):
        return item
    return {True: "true", False: "false", None: "null"}[item] if item is None or isinstance(item, bool) else str(item)


def _kind(item: Json) -> str:
    return (
        "text"
        if isinstance(item, str)
        else "number"
        if isinstance(item, int | float) and item is not True and item is not False
        else "word"
    )
