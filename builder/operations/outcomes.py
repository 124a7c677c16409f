"""Editing the outcomes of one stage and where they lead, as the stage drawer does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.commands import OutcomeBlock, SetOutcomes
from builder.models import Stage
from builder.operations.editing import edit
from builder.queries import stage_by_id
from projects.access import Caller, Role


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
    stage = stage_by_id(caller, stage_id, Role.EDITOR)
    blocks = [
        OutcomeBlock.model_construct(label=one.label, was=one.was, route=dict(one.route) if one.route else None)
        for one in outcomes
    ]
    command = SetOutcomes.model_construct(
        do="set_outcomes", stage=stage_id, version=version, outcomes=blocks, default_outcome=default_outcome
    )
    edit(caller, stage.workflow_id, command)
    return Stage.objects.select_related("workflow").get(pk=stage.pk)
