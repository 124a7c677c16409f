"""Fields of definitions in the words of their forms, and how a value became another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from builder.pages.hook_blocks import KINDS
from builder.pages.text_diff import line_diff, text_diff
from builder.pages.typed import duration
from builder.spec import END

Json = Any
# label; and how it changed: was and now (short), or words, or lines (see text_diff), or entries with a sign
Field = dict[str, Json]
_MODES = {"parallel": "All at the same time", "sequence": "One after another", "conversation": "Round table"}
_CAPABILITIES = {
    "trigger_workflows": "Trigger Workflows",
    "decide_outcome": "Decides outcome",
    "ask_people": "Asks people",
    "use_subagents": "Subagents",
}
_ON_FAILURE = {"fail": "The stage fails", "continue": "The others go on"}
# The kinds: text (long), value (short), seconds, flag, names (a list), json, hooks, and a table of words.
WORKFLOW: dict[str, tuple[str, str]] = {
    "name": ("Name", "text"),
    "description": ("Description", "text"),
    "input_schema": ("Input schema", "json"),
    "output_schema": ("Output schema", "json"),
    "triggers": ("Triggers", "json"),
}
STAGE: dict[str, tuple[str, str, Json]] = {
    "task": ("Task", "text", ""),
    "mode": ("Mode", "mode", "parallel"),
    "max_cycles": ("Max cycles", "value", 30),
    "max_visits": ("Loop guard (max visits)", "value", 5),
    "outcomes": ("Outcomes", "names", []),
    "default_outcome": ("Default outcome", "value", None),
    "entry_hooks": ("Entry hook", "hooks", []),
    "exit_hooks": ("Exit hook", "hooks", []),
    "assignments": ("Assignments", "names", []),
}
ASSIGNMENT: dict[str, tuple[str, str, Json]] = {
    "directive": ("Directive", "text", ""),
    "capabilities": ("Capabilities", "capabilities", []),
    "allowed_workflows": ("Workflows it may trigger", "names", []),
    "trigger_timeout": ("Wait for a triggered workflow", "seconds", 300),
    "workflow_tools": ("Offer as separate tools", "flag", False),
    "share": ("Names it shares", "names", []),
    "retries": ("Retries", "retries", {"attempts": 3, "backoff": 1.0, "max_backoff": 60}),
    "timeout": ("Time limit of one model call", "seconds", 120),
    "fallback_agent": ("Fallback agent", "value", None),
    "last_resort": ("Last resort", "text", None),
    "on_failure": ("When it fails", "on_failure", "fail"),
}
_HOOK: dict[str, tuple[str, str]] = {
    "options": ("Options", "options"),
    "channels": ("Channels", "names"),
    "approvers": ("Who may answer", "names"),
    "reminders": ("Reminders after (seconds)", "names"),
    "headers": ("Headers", "json"),
    "body": ("Body", "json"),
    "input": ("Input", "text"),
    "message": ("Message", "text"),
    "output_key": ("Output key", "value"),
    "when": ("Condition", "json"),
    "deadline": ("Deadline", "json"),
    "timeout": ("Time limit", "seconds"),
    "quorum": ("How many must agree", "value"),
    "starter_may_answer": ("The starter may answer", "flag"),
    "required": ("The stage fails when this fails", "flag"),
    "url": ("Address", "text"),
}
_NEW_HOOK: dict[str, Json] = {
    "channels": ["inbox"],
    "approvers": [],
    "reminders": [],
    "quorum": 1,
    "starter_may_answer": True,
    "required": False,
    "headers": {},
    "input": "",
    "effect": "keyed",
    "method": "POST",
    "to": "",
}
_WORDS: Mapping[str, Mapping[str, str]] = {"mode": _MODES, "on_failure": _ON_FAILURE}


def field_change(label: str, kind: str, was: Json, now: Json) -> Field:
    """How one field changed; empty where both sides read the same."""
    if kind in ("names", "capabilities", "options"):
        return _names(label, _listed(kind, was), _listed(kind, now))
    if kind == "retries":
        return _retries(was, now)
    if kind == "json" or isinstance(was, dict) or isinstance(now, dict):
        found = line_diff(_pretty(was), _pretty(now))
        return {"label": label, **found} if found["lines"] else {}
    if kind == "text":
        return _text(label, was, now)
    one, other = _short(kind, was), _short(kind, now)
    return {"label": label, "was": one, "now": other} if one != other else {}


def _text(label: str, was: Json, now: Json) -> Field:
    one, other = str(was or ""), str(now or "")
    if not one or not other:  # a whole text came or went
        sign, text = ("+", other) if other else ("-", one)
        return {"label": label, "words": [{"sign": sign, "text": text[:20_000]}]} if text else {}
    return {"label": label, **text_diff(one, other)}


def _short(kind: str, value: Json) -> str:
    if value is None or value == "":
        return ""
    if kind == "flag":
        return "On" if value else "Off"
    if kind == "seconds":
        return duration(value)
    return _WORDS.get(kind, {}).get(value, str(value))


def _retries(was: Json, now: Json) -> Field:
    def words(value: Mapping[str, Json] | None) -> str:
        if not value:
            return ""
        pauses = f"pauses from {duration(value['backoff'])} to {duration(value['max_backoff'])}"
        return f"{value['attempts']} attempts, {pauses}"

    return {"label": "Retries", "was": words(was), "now": words(now)}


def _listed(kind: str, value: Json) -> list[str]:
    if kind == "options":
        return [f"{label}: {outcome or 'nothing is decided'}" for label, outcome in (value or {}).items()]
    return [_CAPABILITIES.get(item, str(item)) if kind == "capabilities" else str(item) for item in value or ()]


def _names(label: str, was: Sequence[str], now: Sequence[str]) -> Field:
    """Names that came and went; where all stayed, their order."""
    items = [{"sign": "-", "text": name} for name in was if name not in now]
    items += [{"sign": "+", "text": name} for name in now if name not in was]
    if items:
        return {"label": label, "entries": items}
    return {"label": f"{label}, their order", "was": ", ".join(was), "now": ", ".join(now)} if was != now else {}


def _pretty(value: Json) -> str:
    if value is None or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


# Routes


def route_changes(label: str, was: Mapping[str, Json] | None, now: Mapping[str, Json] | None) -> list[Field]:
    """Where an outcome leads; what goes with a target that stays, field by field."""
    fields: list[Field] = []
    one, other = target_words(was), target_words(now)
    if one != other:
        fields.append({"label": f"{label} goes to", "was": one, "now": other})
    before, after = was or {}, now or {}
    if "workflow" in before or "workflow" in after:
        for name, words, kind in (("input", "Input", "text"), ("timeout", "Time limit", "seconds")):
            if before.get(name) != after.get(name):
                text = [_pretty(side.get(name)) if kind == "text" else side.get(name) for side in (before, after)]
                fields.append(field_change(f"{label}: {words}", kind, *text))
    return [field for field in fields if field]


def target_words(route: Mapping[str, Json] | None) -> str:
    """Where a route leads, as the outline says it."""
    if route is None:
        return "Next stage"
    if "workflow" in route:
        return f"{route['workflow']}, then {_place(route['continue_at'])}"
    return _place(route["stage"])


def _place(name: str) -> str:
    return "End the workflow" if name == END else name


# Hooks


def hook_changes(label: str, was: Sequence[Mapping[str, Json]], now: Sequence[Mapping[str, Json]]) -> list[Field]:
    """Hooks that came and went, and what changed in those that stayed. A hook is known by its kind and its name."""
    before, after = _numbered(was), _numbered(now)
    items = [{"sign": "-", "text": _title(key)} for key in before if key not in after]
    items += [{"sign": "+", "text": _title(key)} for key in after if key not in before]
    fields: list[Field] = [{"label": f"{label}s", "entries": items}] if items else []
    for key in after:
        one, other = before.get(key, _NEW_HOOK), after[key]
        for name in other:
            if name not in ("kind", "name") and one.get(name) != other[name]:
                words, kind = _HOOK.get(name, (name.replace("_", " ").capitalize(), "value"))
                fields.append(field_change(f"{label}, {_title(key)}: {words}", kind, one.get(name), other[name]))
    if not fields and list(before) != list(after):
        fields.append(_names(f"{label}s", [_title(key) for key in before], [_title(key) for key in after]))
    return [field for field in fields if field]


HookKey = tuple[str, str, int]


def _numbered(hooks: Sequence[Mapping[str, Json]]) -> dict[HookKey, Mapping[str, Json]]:
    found: dict[HookKey, Mapping[str, Json]] = {}
    for hook in hooks:
        turn = 1
        while (hook["kind"], hook["name"], turn) in found:
            turn += 1
        found[hook["kind"], hook["name"], turn] = hook
    return found


def _title(key: HookKey) -> str:
    kind, name, turn = key
    words = f"{KINDS.get(kind, kind)}{f' “{name}”' if name else ''}"
    return words if turn == 1 else f"{words} ({turn})"
