"""Pages of help, made from the documents in docs/: one text for the repository and for the product."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

Json = Any
DOCS = Path(__file__).resolve().parents[2] / "docs"
_ATTRIBUTES = {"table": {"class"}, "td": {"data-label"}, "th": {"scope"}, "h2": {"id"}, "pre": {"tabindex"}}
_TAGS = {"p", "h2", "ul", "ol", "li", "strong", "em", "code", "pre", "br", "table", "thead", "tbody", "tr", "th", "td"}


@cache
def document(name: str) -> dict[str, Json]:
    """A document as a page shows it: its title, its lead as HTML, its body as HTML, and its sections {id, title}.

    `name` is that of a file in docs/, without its ending, and never comes from a request.
    """
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    title = tokens[1].content
    start = next(place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2")
    sections = _name_sections(tokens)
    _name_cells(tokens)
    _let_scroll(tokens)

    def rendered(part: list[Token]) -> SafeString:
        raw = reader.renderer.render(part, reader.options, {})
        # Our own text, without HTML of its own, and cleaned on top.
        return mark_safe(nh3.clean(raw, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None))  # noqa: S308

    return {"title": title, "lead": rendered(tokens[3:start]), "body": rendered(tokens[start:]), "sections": sections}


def _name_sections(tokens: list[Token]) -> list[dict[str, str]]:
    """Give every section an id to link to."""
    found = []
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", slugify(inside.content))
            found.append({"id": slugify(inside.content), "title": inside.content})
    return found


def _name_cells(tokens: list[Token]) -> None:
    """Make the first cell of a row its heading, and let the others say their column: on a phone rows become cards."""
    columns: list[str] = []
    column = 0
    for token, inside in pairwise(tokens):
        if token.type == "table_open":
            columns = []
            token.attrSet("class", "cards")
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            columns.append(inside.content)
            token.attrSet("scope", "col")
        elif token.type == "td_open":
            _name_cell(token, columns[column], is_first=column == 0)
        elif token.type == "td_close":
            token.tag = "th" if column == 0 else "td"
            column += 1


def _name_cell(token: Token, column: str, *, is_first: bool) -> None:
    if is_first:
        token.tag = "th"
        token.attrSet("scope", "row")
    else:
        token.attrSet("data-label", column)


def _let_scroll(tokens: list[Token]) -> None:
    """What may be wider than a phone can be reached by the keyboard, to scroll it."""
    for token in tokens:
        if token.type == "fence":
            token.type = "code_block"  # whose attributes stand at <pre>
            token.attrSet("tabindex", "0")
