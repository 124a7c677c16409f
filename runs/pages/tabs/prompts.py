"""The tab Prompts: what each turn was sent and answered, its tools, its tokens, its cost."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from runs.models import AgentRun, AgentTurn, Gate, WorkflowCall, WorkflowRun
from runs.pages.tools import shown_tool, written
from runs.questions import question_results

Json = Any
PAGE = 20  # turns
_LONGEST = 20_000
_SPEAKERS = {
    "system-prompt": "Instructions",
    "user-prompt": "Sent",
    "tool-return": "Result of a tool",
    "retry-prompt": "Asked again",
    "text": "Answer",
    "thinking": "Reasoning",
    "tool-call": "Tool call",
}


def prompts_tab(run: WorkflowRun, agent: str, page: int) -> dict[str, Json]:
    """The context of runs/_tab_prompts.html: a page of turns, oldest first, of one agent where it is named."""
    rows = AgentTurn.objects.filter(agent_run__run=run)
    agents = sorted(set(AgentRun.objects.filter(run=run).values_list("agent", flat=True)), key=str.casefold)
    if agent:
        rows = rows.filter(agent_run__agent=agent)
    count = rows.count()
    start = max(page - 1, 0) * PAGE
    turns = list(rows.select_related("agent_run__stage_run").order_by("at", "pk")[start : start + PAGE])
    at_work = {turn.agent_run_id for turn in turns}
    envelopes = dict(WorkflowCall.objects.filter(agent_run__in=at_work).values_list("key", "envelope"))
    envelopes |= question_results(Gate.objects.filter(agent_run__in=at_work))
    kept = {"tab": "prompts", **({"agent": agent} if agent else {})}
    address = reverse("run", args=[run.pk])
    return {
        "agent_names": agents,
        "chosen_agent": agent,
        "count": count,
        "turns": [_turn(turn, envelopes) for turn in turns],
        "totals": {"tokens": run.input_tokens + run.output_tokens, "requests": run.requests, "cost": cost(run.cost)},
        "earlier_url": f"{address}?{urlencode({**kept, 'page': page - 1})}" if page > 1 else "",
        "later_url": f"{address}?{urlencode({**kept, 'page': page + 1})}" if start + PAGE < count else "",
    }


def cost(dollars: float) -> str:
    """US dollars as people read them; empty where nothing was spent."""
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}" if dollars else ""


def _turn(turn: AgentTurn, envelopes: dict[str, Json]) -> dict[str, Json]:
    usage = turn.usage
    return {
        "id": turn.pk,
        "agent": turn.agent_run.agent,
        "stage": turn.agent_run.stage_run.name,
        "visit": turn.agent_run.stage_run.visit,
        "number": turn.number,
        "model": turn.model,
        "at": turn.at,
        "seconds": round(turn.seconds, 1),
        "tokens_in": usage.get("input_tokens", 0),
        "tokens_out": usage.get("output_tokens", 0),
        "cost": cost(usage.get("cost", 0)),
        "sent": [part for message in turn.request for part in _parts(message)],
        "answered": [part for part in _parts(turn.response) if part["kind"] != "tool-call"],
        "tools": [shown_tool(tool, envelopes, _LONGEST) for tool in turn.tools],
    }


def _parts(message: Json) -> list[dict[str, Json]]:
    """The parts of a stored message that can be read."""
    parts = message.get("parts", []) if isinstance(message, dict) else []
    found = []
    for part in parts:
        if not isinstance(part, dict) or not part.get("content"):
            continue
        text, left = written(part["content"], _LONGEST)
        kind = part.get("part_kind", "")
        found.append({"kind": kind, "speaker": _SPEAKERS.get(kind, "Sent"), "text": text, "left": left})
    return found
