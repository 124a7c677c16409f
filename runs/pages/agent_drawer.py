"""One agent's work as the drawer of the run page shows it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from builder.publish import frozen
from projects.errors import NotFound
from runs import queries
from runs.engine.status import AgentStatus
from runs.models import AgentRun, AgentTurn, Rerun, WorkflowCall, WorkflowRun
from runs.pages.looks import agent_state, run_looks, visit_look
from runs.pages.readable import readable
from runs.pages.stages import Parts, waits_of
from runs.pages.tools import shown_tool, written
from runs.questions import question_results
from runs.rerun_links import link_of

Json = Any
_SENT = 5_000  # characters


def agent_drawer(run: WorkflowRun, agent_run: str) -> dict[str, Json]:
    """The context of runs/_agent_drawer.html."""
    row = AgentRun.objects.select_related("stage_run").filter(pk=queries.as_uuid(agent_run), run=run).first()
    if row is None:
        raise NotFound("This run has no such agent run.")
    turns = list(row.turn_rows.order_by("number"))
    version = frozen(run.version_id)
    model = turns[-1].model if turns else version.agent(row.agent).model or version.default_model or "none"
    calls = list(row.calls.select_related("child").order_by("since"))
    envelopes = {call.key: call.envelope for call in calls} | question_results(row.questions.all())
    link = link_of(run)
    look = visit_look(row.stage_run.entry, row.stage_run.status, link)
    state = agent_state(row.status, look)
    parts = Parts(run, [], calls, run_looks(call.child for call in calls if call.child is not None))
    return {
        "key": f"agent:{row.pk}",
        "agent": {
            "name": row.agent,
            "stage": row.stage_run.name,
            "state": state,
            "word": look.word if state == look.state else "",
            "model": model,
            "started_at": row.started_at if state != "kept" else None,
            "finished_at": row.finished_at,
            "tokens": sum(turn.usage.get("input_tokens", 0) + turn.usage.get("output_tokens", 0) for turn in turns)
            or None,
            "answer": readable(row.text or ""),
            "error": readable(row.error or ""),
            "waits": _waits(parts, calls) if row.status == AgentStatus.BLOCKED.value else [],
            "kept": _kept(link) if state == "kept" and link is not None else None,
        },
        "turns": [_turn(turn, envelopes) for turn in turns],
    }


def _waits(parts: Parts, calls: list[WorkflowCall]) -> list[dict[str, Json]]:
    """The runs it waits for, each with how deep it lies and what it was sent."""
    children = {call.pk: call.child for call in calls}
    found = []
    for wait in waits_of(parts, calls):
        child = children[wait["id"]]
        sent = written(child.input, _SENT)[0] if child and child.input not in ("", None, {}) else ""
        found.append({**wait, "depth": child.depth if child else "", "sent": sent})
    return found


def _kept(link: Rerun) -> dict[str, str]:
    """The run in which a kept agent did its work."""
    return {"label": f"#{link.of_number}", "url": reverse("run", args=[link.of_id]) if link.of_id else ""}


def _turn(turn: AgentTurn, envelopes: dict[str, Json]) -> dict[str, Json]:
    return {
        "number": turn.number,
        "at": turn.at,
        "seconds": round(turn.seconds, 1),
        "response": "\n\n".join(_texts(turn.response)),
        "tools": [shown_tool(tool, envelopes) for tool in turn.tools],
        "request": "\n\n".join(text for message in turn.request for text in _texts(message)),
    }


def _texts(message: Json) -> list[str]:
    """The readable parts of a stored message."""
    parts = message.get("parts", []) if isinstance(message, dict) else []
    return [written(part["content"])[0] for part in parts if isinstance(part, dict) and part.get("content")]
