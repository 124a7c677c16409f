"""Which routes of a workflow, as it stands, were ever taken by any run, in earnest or dry."""

from __future__ import annotations

from dataclasses import dataclass

from builder.models import Workflow
from builder.publish import read_stored
from builder.spec import Route
from runs.engine.routes import target_text
from runs.models import TakenRoute


@dataclass(frozen=True)
class Exercised:
    """A route of the present definition: `route` is None where the outcome goes to the next stage."""

    stage: str
    position: int  # of the stage, from 0
    outcome: str
    route: Route | None
    taken: bool


def routes_of(workflow: Workflow) -> list[Exercised]:
    """Every outcome of every stage, in order. Two queries, however many runs there are."""
    rows = TakenRoute.objects.filter(workflow=workflow)
    taken = set(rows.values_list("stage", "outcome", "target"))
    return [
        Exercised(
            stage.name,
            position,
            outcome,
            stage.routes.get(outcome),
            (stage.name, outcome, target_text(stage, outcome)) in taken,
        )
        for position, stage in enumerate(read_stored(workflow).stages)
        for outcome in stage.outcomes
    ]
