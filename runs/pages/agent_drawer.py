"""One agent's work as the drawer of the run page shows it."""

from __future__ import annotations

import json
from typing import Any

from builder.publish import frozen
from projects.errors import NotFound
from runs import queries
from runs.engine.status import AgentStatus
from runs.models import AgentRun, AgentTurn, WorkflowRun
from runs.pages.looks import run_looks
from runs.pages.readable import cut, readable
from runs.pages.stages import Parts, waits_of
from runs.questions import question_results

Json = Any


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
    parts = Parts(run, [], calls, run_looks(call.child for call in calls if call.child is not None))
    return {
        "key": f"agent:{row.pk}",
        "agent": {
            "name": row.agent,
            "stage": row.stage_run.name,
            "state": row.status,
            "word": "",
            "model": model,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "tokens": sum(turn.usage.get("input_tokens", 0) + turn.usage.get("output_tokens", 0) for turn in turns)
            or None,
            "answer": readable(row.text or ""),
            "error": readable(row.error or ""),
            "waits": waits_of(parts, calls) if row.status == AgentStatus.BLOCKED.value else [],
        },
        "turns": [_turn(turn, envelopes) for turn in turns],
    }


def _turn(turn: AgentTurn, envelopes: dict[str, Json]) -> dict[str, Json]:
    tools = [
        {"name": tool["name"], "args": _text(tool["args"]), "result": _text(_result(tool, envelopes))}
        for tool in turn.tools
    ]
    return {
        "number": turn.number,
        "at": turn.at,
        "seconds": round(turn.seconds, 1),
        "response": "\n\n".join(_texts(turn.response)),
        "tools": tools,
        "request": "\n\n".join(text for message in turn.request for text in _texts(message)),
    }


def _result(tool: dict[str, Json], envelopes: dict[str, Json]) -> Json:
    return envelopes.get(tool["call"]) if tool.get("call") and tool["result"] is None else tool["result"]


def _text(value: Json) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))[0]


def _texts(message: Json) -> list[str]:
    """The readable parts of a stored message."""
    parts = message.get("parts", []) if isinstance(message, dict) else []
    return [_text(part["content"]) for part in parts if isinstance(part, dict) and part.get("content")]
