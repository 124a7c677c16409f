"""Why a run is waiting (rule 10.4), as its page says it: what for, since when, what then, and what would end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from runs.models import WorkflowRun
from runs.pages.readable import readable
from runs.why import Link

Json = Any
_ICONS = {
    "agent": "state-blocked",
    "run": "workflow",
    "stage": "state-blocked",
    "gate": "hand",
    "person": "hand",
    "event": "clock",
    "timer": "clock",
    "retry": "state-retrying",
}
_WORDS = {"agent": "Agent", "run": "Run", "stage": "Stage", "gate": "Approval", "person": "Person", "retry": "Agent"}


def waiting(run: WorkflowRun, links: Sequence[Link], *, can_control: bool) -> list[dict[str, Json]]:
    """The chain that `why` found, outermost first; each link with the ways that lead on or end the wait."""
    return [_link(run, link, can_control) for link in links]


def _link(run: WorkflowRun, link: Link, can_control: bool) -> dict[str, Json]:
    kind = link["kind"]
    return {
        "icon": _ICONS.get(kind, "clock"),
        "kind": _WORDS.get(kind, kind.capitalize()),
        "label": readable(link["label"]),
        "since": _moment(link["since"]),
        "until": _moment(link["until"]),
        "then": link["then"],
        "can_answer": can_control,
        **_way_out(run, link, can_control),
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _way_out(run: WorkflowRun, link: Link, can_control: bool) -> dict[str, Json]:
    """`url` opens the link; `end_url` takes a POST that ends the wait here, named by `end`."""
    pk, kind = link["id"], link["kind"]
    paused = link["since"] is None  # else a run in the chain has been at work since its start
    if kind == "run" and not paused:
        end = reverse("run-cancel", args=[pk]) if can_control else ""
        return {"url": reverse("run", args=[pk]), "end_url": end, "end": "Stop it"}
    if kind == "run":
        end = reverse("run-resume", args=[pk]) if can_control else ""
        return {"url": reverse("run", args=[pk]) if pk != str(run.pk) else "", "end_url": end, "end": "Resume it"}
    if kind == "gate":
        return {"url": reverse("gate", args=[pk]), "end_url": "", "end": ""}
    return {"url": "", "end_url": "", "end": ""}
