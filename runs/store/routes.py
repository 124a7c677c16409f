"""Remembering which routes were followed, without a statement where that is known already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from builder.publish import PerVersion
from runs.engine.decision import Decision
from runs.engine.routes import target_text
from runs.engine.status import StageStatus
from runs.models import TakenRoute
from runs.store.work import Work


@PerVersion
def _written(version_id: int) -> set[tuple[int, str]]:
    """The routes of a version (stage index and outcome) that this process knows to be in the table."""
    return set()


def note_routes(work: Work, decisions: Sequence[Decision], now: datetime) -> None:
    """Write the routes that these decisions follow and no run before them did, as far as this process knows."""
    ended = [
        (change.position, change.outcome)
        for decision in decisions
        for change in decision.stages
        if change.outcome is not None and change.status is StageStatus.DONE
    ]
    if not ended or work.row.workflow_id is None:
        return
    written = _written(work.row.version_id)
    new = sorted({route for route in ended if route not in written})
    if not new:
        return
    stages = work.frozen.workflow.stages
    rows = [
        TakenRoute(
            workflow_id=work.row.workflow_id,
            stage=stages[position].name,
            outcome=outcome,
            target=target_text(stages[position], outcome),
            at=now,
        )
        for position, outcome in new
    ]
    TakenRoute.objects.bulk_create(rows, ignore_conflicts=True)
    transaction.on_commit(lambda: written.update(new))
