"""The tab Messages: the log of a run, narrowed down by filters that stand in the address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from runs.models import Event, WorkflowRun
from runs.pages.readable import cut
from runs.pages.words import event_row

Json = Any
PAGE = 100
FILTERS = ("what", "stage", "agent", "text", "order")
WHAT: dict[str, tuple[str, tuple[str, ...]]] = {
    "said": ("What was said", ("agent.message", "agent.finished", "message.received", "gate.answered")),
    "results": ("Results and outcomes", ("results.shared", "outcome.decided", "route.taken", "guard.reached")),
    "workflows": ("Workflows", ("workflow.triggered", "workflow.returned", "workflow.late", "agent.blocked")),
    "people": ("Approvals", ("gate.opened", "gate.reminded", "gate.answered", "gate.expired")),
    "tools": ("Turns and tools", ("agent.turn", "agent.tool")),
    "trouble": (
        "Warnings and failures",
        ("warning", "agent.failed", "agent.retrying", "hook.failed", "run.failed", "guard.reached"),
    ),
}
_BODIES = ("text", "results", "comment", "message", "error")


def messages_tab(run: WorkflowRun, chosen: Mapping[str, str], place: int | None) -> dict[str, Json]:
    """The context of runs/_tab_messages.html; `chosen` by the names of FILTERS, `place` the number to go on from."""
    oldest_first = chosen["order"] == "oldest"
    rows, last = _found(run, chosen, place, oldest_first)
    kept = {"tab": "messages", **{name: value for name, value in chosen.items() if value}}
    address = reverse("run", args=[run.pk])
    named = Event.objects.filter(run=run)
    return {
        "filters": chosen,
        "filtered": any(chosen[name] for name in FILTERS if name != "order"),
        "whats": [{"value": key, "label": label} for key, (label, _) in WHAT.items()],
        "stage_names": _names(named, "stage"),
        "agent_names": _names(named, "agent"),
        "told": [_row(row) for row in rows],
        "more_url": f"{address}?{urlencode({**kept, 'from': last})}" if last else "",
        "first_url": f"{address}?{urlencode(kept)}" if place else "",
        "all_url": f"{address}?tab=messages",
    }


def _names(events: Any, field: str) -> list[str]:
    names = events.exclude(**{f"{field}__isnull": True}).order_by().values_list(field, flat=True).distinct()
    return sorted(names, key=str.casefold)


def _found(
    run: WorkflowRun, chosen: Mapping[str, str], place: int | None, oldest_first: bool
) -> tuple[list[Event], int | None]:
    """A page of events, and the number of its last one where there are more."""
    rows = Event.objects.filter(run=run, seq__lte=run.seq).order_by("seq" if oldest_first else "-seq")
    if place:
        rows = rows.filter(seq__gt=place) if oldest_first else rows.filter(seq__lt=place)
    if chosen["what"] in WHAT:
        rows = rows.filter(kind__in=WHAT[chosen["what"]][1])
    for name in ("stage", "agent"):
        if chosen[name]:
            rows = rows.filter(**{name: chosen[name]})
    if not chosen["text"]:
        found = list(rows[: PAGE + 1])
    else:
        wanted = chosen["text"].casefold()
        found = []
        for row in rows.iterator(chunk_size=500):
            if wanted in _searched(row):
                found.append(row)
            if len(found) > PAGE:
                break
    return found[:PAGE], found[PAGE - 1].seq if len(found) > PAGE else None


def _searched(event: Event) -> str:
    said = event_row(event, str)["text"]
    return f"{event.stage} {event.agent} {said} {json.dumps(event.data, ensure_ascii=False)}".casefold()


def _row(event: Event) -> dict[str, Json]:
    shown = event_row(event, lambda pk: reverse("run", args=[pk]))
    body = next((event.data[name] for name in _BODIES if event.data.get(name)), "")
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    whole, left = cut(text, 20_000)
    is_short = isinstance(body, str) and "\n" not in text and len(text) < 160
    return {**shown, "body": "" if is_short else whole, "left": left, "kind": event.kind}
