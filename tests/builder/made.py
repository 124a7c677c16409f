"""Definitions for tests."""

from __future__ import annotations

import copy
import re
from typing import Any

_STEP = re.compile(r'\.?([\w-]+)|\[(\d+)\]|\["([^"]+)"\]')

MAIN: dict[str, Any] = {
    "name": "Main",
    "description": "The one with everything.",
    "input_schema": {"type": "object", "properties": {"topic": {"type": "string"}}},
    "stages": [
        {
            "name": "Draft",
            "task": "Write.",
            "assignments": [
                {
                    "agent": "Ada",
                    "directive": "Be brief.",
                    "capabilities": ["trigger_workflows", "decide_outcome"],
                    "allowed_workflows": ["Report"],
                    "fallback_agent": "Ben",
                },
                {"agent": "Ben"},
            ],
        },
        {
            "name": "Review",
            "mode": "sequence",
            "assignments": [{"agent": "Ben", "on_failure": "continue"}],
            "outcomes": ["approve", "reject", "revise"],
            "default_outcome": "reject",
            "routes": {
                "approve": {"workflow": "Publish", "input": {"text": "{{results.text}}"}, "continue_at": "end"},
                "reject": {"stage": "end"},
                "revise": {"stage": "Draft"},
            },
            "entry_hooks": [{"kind": "workflow", "workflow": "Report", "input": "{{input}}"}],
            "exit_hooks": [
                {
                    "kind": "approval",
                    "name": "Sign off",
                    "message": "Fine?",
                    "options": {"Yes": "approve", "No": "reject", "Again": "revise"},
                    "deadline": {"after": 60, "outcome": "reject"},
                }
            ],
        },
        {"name": "Archive"},
    ],
    "triggers": [
        {"kind": "schedule", "name": "Weekly", "cron": "0 9 * * 1", "timezone": "Europe/Berlin"},
        {"kind": "webhook", "name": "In"},
    ],
}


def project_file(**changes: Any) -> dict[str, Any]:
    """A project file; `changes` replace its top fields."""
    return {
        "format": "baton/1",
        "project": {"name": "Website", "default_model": "scripted"},
        "agents": [
            {"name": "Ada", "role": "Writer", "script": [{"share": {"text": "Hi"}}, {"say": "Done."}]},
            {"name": "Ben", "model": "openai:gpt-5-mini"},
        ],
        "workflows": [
            copy.deepcopy(MAIN),
            {"name": "Publish", "stages": [{"name": "Out"}]},
            {"name": "Report", "stages": [{"name": "Count", "assignments": [{"agent": "Ada"}]}]},
        ],
        **changes,
    }


def steps(path: str) -> list[str | int]:
    """`workflows[0].stages[1].name` as the keys and indexes that it goes through."""
    return [int(index) if index else plain or quoted for plain, index, quoted in _STEP.findall(path)]


def changed(
    data: dict[str, Any], *, set: dict[str, Any] | None = None, drop: list[str] | None = None
) -> dict[str, Any]:
    """A copy of `data` with values set at paths, and the values at other paths dropped."""
    made = copy.deepcopy(data)
    for path, value in (set or {}).items():
        holder, last = _holder(made, path)
        holder[last] = value
    for path in drop or ():
        holder, last = _holder(made, path)
        del holder[last]
    return made


def found(data: Any, path: str) -> Any:
    """The value at a path."""
    for step in steps(path):
        data = data[step]
    return data


def _holder(data: Any, path: str) -> tuple[Any, Any]:
    *before, last = steps(path)
    for step in before:
        data = data[step]
    return data, last
