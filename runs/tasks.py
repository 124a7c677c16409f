"""Celery tasks: each carries an id and means "look at this row"."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from runs import bell
from runs.drive import drive


@shared_task(name=bell.ADVANCE, ignore_result=True)
def advance_run(*, run_id: str, **kwargs: Any) -> None:
    """Carry a run on as far as this worker can."""
    drive(UUID(run_id))
