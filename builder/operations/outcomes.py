"""Editing the outcomes of one stage and where they lead, as the stage drawer does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from builder.canonical import block_of
from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Stage
from builder.operations.storing import store_over
from builder.publish import hold
from builder.reading import read_workflow
from projects.access import Caller, Role, require
from projects.errors import Detail


@dataclass(frozen=True)
class OutcomeEdit:
    """One outcome as it should be. `route` as the project file writes it, None for the next stage; `was` its label
    before, where it is renamed: the stage's gates and the default follow."""

    label: str
    route: Mapping[str, Any] | None = None
    was: str | None = None


def update_stage_outcomes(
    caller: Caller,
    stage_id: int,
    *,
    version: int,
    outcomes: Sequence[OutcomeEdit],
    default_outcome: str | None = None,
) -> Stage:
    """Make `outcomes`, in this order, all outcomes of the stage.

    `version` is the one that the caller had read. Raises NotFound, Forbidden, Invalid (a label that a gate still
    uses, twins, dangling targets; paths as in the workflow's block), and Conflict where somebody else edited the
    stage since: its details tell the stored outcomes and where they lead.
    """
    with transaction.atomic():
        stage = _held(caller, stage_id)
        block = block_of(read_workflow(stage.workflow_id))
        stored = block["stages"][stage.position]
        if version != stage.version:
            raise EditedMeanwhile("stage", expected=version, actual=stage.version, stored=_told(stored))
        _put(stored, outcomes, default_outcome)
        store_over(stage.workflow, block)
    return Stage.objects.select_related("workflow").get(pk=stage.pk)


def _put(stage: dict[str, Any], outcomes: Sequence[OutcomeEdit], default_outcome: str | None) -> None:
    stage["outcomes"] = [edit.label for edit in outcomes]
    stage["routes"] = {edit.label: dict(edit.route) for edit in outcomes if edit.route is not None}
    stage["default_outcome"] = default_outcome
    renamed = {edit.was: edit.label for edit in outcomes if edit.was is not None}
    for hook in (*stage["entry_hooks"], *stage["exit_hooks"]):
        if "options" in hook:
            hook["options"] = {label: renamed.get(outcome, outcome) for label, outcome in hook["options"].items()}
        if hook.get("deadline"):
            hook["deadline"]["outcome"] = renamed.get(hook["deadline"]["outcome"], hook["deadline"]["outcome"])


def _told(stage: Mapping[str, Any]) -> Iterable[Detail]:
    for label in stage["outcomes"]:
        route = stage["routes"].get(label)
        yield Detail(path=label, message=_leads(route))


def _leads(route: Mapping[str, Any] | None) -> str:
    if route is None:
        return "next stage"
    if "stage" in route:
        return f"stage {route['stage']}"
    return f"workflow {route['workflow']}, continue at {route['continue_at']}"


def _held(caller: Caller, stage_id: int) -> Stage:
    rows = Stage.objects.select_related("workflow__project")
    found = rows.filter(pk=stage_id).first()
    if found is None:
        raise NoSuchPart("stage")
    require(caller, found.workflow.project, Role.EDITOR)
    hold(found.workflow.project_id)
    held = rows.filter(pk=stage_id).first()  # it may have gone while the lock was waited for
    if held is None:
        raise NoSuchPart("stage")
    return held
