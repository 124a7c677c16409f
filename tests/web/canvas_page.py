"""The canvas as a browser puts it together from the answers of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from builder.models import Edit, Workflow

Json = Any
HTMX = {"HX-Request": "true"}
PARTIAL = re.compile(r'<hx-partial hx-target="#(card|outcomes)-([\w-]+)" hx-swap="outerMorph">(.*?)</hx-partial>', re.S)
_GRAPH = re.compile(r'<script id="graph" type="application/json">(.*?)</script>', re.DOTALL)
_CARD = re.compile(r'<(div class="(?:node|target)-card"|ul class="edge-labels") id="(card|outcomes)-([\w-]+)"')


class Page:
    """What a browser has of the canvas, put together from the answers as static/js/canvas/graph.js does it."""

    def __init__(self, client: Client, workflow: Workflow) -> None:
        self.client, self.workflow = client, workflow
        html = self.client.get(f"/w/{workflow.pk}").content.decode()
        self.graph = graph_in(html)
        self.cards = _cards(html)
        self.seen = Edit.objects.filter(workflow=workflow).count()

    def send(self, command: Json) -> str:
        """Carry out a command and take in the answer."""
        body = {**command, "view": "canvas", "since": self.seen}
        address = f"/w/{self.workflow.pk}/commands"
        return self._take(self.client.post(address, json.dumps(body), "application/json", headers=HTMX))

    def catch_up(self) -> str:
        """Ask for what is new."""
        return self._take(self.client.get(f"/w/{self.workflow.pk}/sync?view=canvas&since={self.seen}", headers=HTMX))

    def _take(self, answer: Any) -> str:
        text = str(answer.content.decode())
        if answer.status_code != 200:
            return text
        self.graph = _merged(self.graph, graph_in(text))
        self.cards |= {(kind, name): inner.strip() for kind, name, inner in PARTIAL.findall(text)}
        there = {str(each["id"]) for each in self.graph["stages"]} | {each["element"] for each in self.graph["targets"]}
        self.cards = {key: card for key, card in self.cards.items() if key[1] in there}
        self.seen = int(re.search(r'data-seq="(\d+)"', text)[1])  # type: ignore[index]
        return text


def graph_in(html: str) -> Json:
    """What the script of the page is told."""
    return json.loads(_GRAPH.search(html)[1])  # type: ignore[index]


def _cards(html: str) -> dict[tuple[str, str], str]:
    """The insides of the shells on a page, by what the answers call them."""
    found = {}
    for match in _CARD.finditer(html):
        is_list = match[1].startswith("ul")
        end = html.index("</ul>", match.start()) + 5 if is_list else _end_of_div(html, match.start())
        found[match[2], match[3]] = html[match.start() : end]
    return found


def _end_of_div(html: str, start: int) -> int:
    depth = 0
    for tag in re.compile(r"<(/?)div\b[^>]*>").finditer(html, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    raise AssertionError("a card that does not end")


def _merged(known: Json, part: Json) -> Json:
    if "part" not in part:
        return part
    fresh = {each["id"] for each in part["stages"]}
    stages = {each["id"]: each for each in [*known["stages"], *part["stages"]]}
    order = part.get("order", [each["id"] for each in known["stages"]])

    def of(key: str, owner: Callable[[Json], int]) -> list[Json]:
        source = [each for each in known[key] if owner(each) not in fresh] + part[key]
        return [each for pk in order for each in source if owner(each) == pk]

    return {
        "stages": [stages[pk] for pk in order],
        "targets": of("targets", lambda each: each["stage"]),
        "edges": of("edges", lambda each: int(each["from"].split(":")[1])),
        "end": part["end"],
    }


def same(page: Page) -> None:
    """What the page has is what a fresh one has."""
    fresh = Page(page.client, page.workflow)
    assert page.graph == fresh.graph
    assert page.cards == fresh.cards
    assert page.seen == fresh.seen
