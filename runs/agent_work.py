"""One agent's work in a run, as the API tells it."""

from __future__ import annotations

from typing import Any

from projects.errors import NotFound
from runs.models import AgentRun, Gate, WorkflowCall, WorkflowRun
from runs.queries import as_uuid, iso
from runs.questions import question_results

Json = Any


def work_of(run: WorkflowRun, agent_run: str) -> dict[str, Json]:
    """One agent's work in a run: what it was sent, what it answered, its tools, and what it cost."""
    agent = AgentRun.objects.filter(pk=as_uuid(agent_run), run=run).first()
    if agent is None:
        raise NotFound("This run has no such agent run.")
    turns = list(agent.turn_rows.order_by("number"))
    results = dict(WorkflowCall.objects.filter(agent_run=agent).values_list("key", "envelope"))
    results |= question_results(Gate.objects.filter(agent_run=agent))
    shown = [_turn(turn, results) for turn in turns]
    usage = {
        name: sum(turn.usage.get(name, 0) for turn in turns)
        for name in ("input_tokens", "output_tokens", "requests", "cost")
    }
    end = agent.finished_at
    return {
        "agent": agent.agent,
        "query": turns[0].request if turns else None,
        "result": agent.text,
        "reasoning": "\n\n".join(turn.reasoning for turn in turns if turn.reasoning),
        "status": agent.status,
        "error": agent.error,
        "attempts": agent.lease_epoch,
        "execution_time": round((end - agent.started_at).total_seconds(), 3) if end and agent.started_at else None,
        "turns": shown,
        "usage": usage,
    }


def _turn(turn: Any, results: dict[str, Json]) -> dict[str, Json]:
    tools = [
        {
            "name": tool["name"],
            "args": tool["args"],
            "result": results.get(tool["call"]) if tool.get("call") and tool["result"] is None else tool["result"],
        }
        for tool in turn.tools
    ]
    return {
        "request": turn.request,
        "response": turn.response,
        "tools": tools,
        "usage": turn.usage,
        "at": iso(turn.at),
        "seconds": turn.seconds,
    }
