"""What the row of a dry run says: which versions stand in for workflows, and how its gates are answered."""

from __future__ import annotations

from typing import Any

from builder.dry import gate_option
from runs.engine import facts
from runs.store import Work

Json = Any
BY = "dry run"  # who answers its gates, as the record says


def dry_value(*, root: int, versions: dict[int, int], outcomes: dict[int, dict[str, list[str]]], ask: bool) -> Json:
    """The column `dry` of a run: its own version, those of what it triggers by workflow id, and the outcomes that were
    chosen, by version id and stage."""
    return {
        "root": root,
        "versions": {str(workflow): version for workflow, version in versions.items()},
        "outcomes": {str(version): chosen for version, chosen in outcomes.items()},
        "ask": ask,
    }


def stand_in_version(dry: Json, workflow_id: int) -> int:
    """The id of the version that stands in for a workflow; 0, which none has, where none does."""
    return int(dry["versions"].get(str(workflow_id), 0))


def dry_answer(held: Work) -> facts.GateAnswered | None:
    """How the plan answers the open gate of a dry run; None where people are asked."""
    dry, state = held.row.dry, held.state
    if dry is None or dry["ask"] or state.gate is None:
        return None
    stage = held.frozen.workflow.stages[state.stage]
    chosen = dry["outcomes"].get(str(held.row.version_id), {}).get(stage.name, [])
    option = gate_option(stage, state.gate.edge, state.gate.index, chosen, state.visit)
    return facts.GateAnswered(state.gate.key, option, "", BY, BY)
