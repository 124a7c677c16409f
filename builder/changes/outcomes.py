"""Outcomes and where they lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from builder.changes.draft import Draft
from builder.commands import AddOutcome, RemoveOutcome, Reroute, SetOutcomes
from builder.errors import NoSuchPart
from projects.errors import Detail, Invalid

Block = dict[str, Any]


def add_outcome(draft: Draft, command: AddOutcome) -> str:
    """One more outcome."""
    stage = draft.stage(command.stage)
    label = command.label if command.label is not None else _free_label(stage)
    stage["outcomes"].append(label)
    if command.route is not None:
        stage["routes"][label] = command.route
    return f"Added outcome {label} to {stage['name']}"


def _free_label(stage: Block) -> str:
    label, number = "outcome", 1
    while label in stage["outcomes"]:
        number += 1
        label = f"outcome {number}"
    return label


def set_outcomes(draft: Draft, command: SetOutcomes) -> str:
    """All outcomes anew; gates, the default and the places of cards follow a renamed one."""
    stage = draft.check_stage(command.stage, command.version, _told)
    stage["outcomes"] = [outcome.label for outcome in command.outcomes]
    stage["routes"] = {outcome.label: outcome.route for outcome in command.outcomes if outcome.route is not None}
    stage["default_outcome"] = command.default_outcome
    renames = {outcome.was: outcome.label for outcome in command.outcomes if outcome.was is not None}
    for hook in (*stage["entry_hooks"], *stage["exit_hooks"]):
        _follow(hook, renames)
    return f"Changed the outcomes of {stage['name']}"


def _told(stage: Block) -> Iterable[Detail]:
    for label in stage["outcomes"]:
        yield Detail(path=label, message=_leads(stage["routes"].get(label)))


def _leads(route: Block | None) -> str:
    if route is None:
        return "next stage"
    if "stage" in route:
        return f"stage {route['stage']}"
    return f"workflow {route['workflow']}, continue at {route['continue_at']}"


def _follow(hook: Block, renames: dict[str, str]) -> None:
    if "options" in hook:
        hook["options"] = {option: renames.get(outcome, outcome) for option, outcome in hook["options"].items()}
    if hook.get("kind") == "approval" and hook.get("deadline"):
        outcome = hook["deadline"].get("outcome")
        hook["deadline"]["outcome"] = renames.get(outcome, outcome)


def reroute(draft: Draft, command: Reroute) -> str:
    """Another route for one outcome."""
    stage = _with(draft, command.stage, command.label)
    stage["routes"].pop(command.label, None)
    if command.route is not None:
        stage["routes"][command.label] = command.route
    return f"Led {command.label} of {stage['name']} elsewhere"


def remove_outcome(draft: Draft, command: RemoveOutcome) -> str:
    """One outcome away. A gate that still decides it is a reason to refuse, told in words that name the gate."""
    stage = _with(draft, command.stage, command.label)
    users = [
        hook.get("name") or "an approval"
        for hook in (*stage["entry_hooks"], *stage["exit_hooks"])
        if command.label in (hook.get("options") or {}).values()
        or command.label == ((hook.get("deadline") or {}).get("outcome"))
    ]
    if users:
        told = f"{', '.join(users)} of this stage leads to it: change the approval first"
        message = f"The outcome {command.label} cannot be removed: {told}."
        raise Invalid(message, details=[Detail(path="label", message=told)])
    stage["outcomes"].remove(command.label)
    stage["routes"].pop(command.label, None)
    if stage["default_outcome"] == command.label:
        stage["default_outcome"] = None
    return f"Removed outcome {command.label} of {stage['name']}"


def _with(draft: Draft, stage_id: int, label: str) -> Block:
    stage = draft.stage(stage_id)
    if label not in stage["outcomes"]:
        raise NoSuchPart("outcome")
    return stage
