"""The doorbell: telling the workers that a run has something to do. Losing a ring costs time, never work."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

import structlog
from celery import current_app
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

ADVANCE = "runs.advance"  # name of the task; sent by name, since the task imports what rings

log = structlog.get_logger(__name__)

_REST = 5.0  # seconds without ringing after the broker did not answer
_quiet_until = 0.0


def ring(run_ids: Iterable[UUID]) -> None:
    """Ring once for each run given; one given twice rings twice. The scheduler rings again for what this could not."""
    global _quiet_until
    for run_id in run_ids:
        if time.monotonic() < _quiet_until:
            return
        try:
            current_app.send_task(ADVANCE, kwargs={"run_id": str(run_id)}, retry=False)
        except (BrokerError, RedisError, OSError) as error:
            _quiet_until = time.monotonic() + _REST
            log.warning("the queue does not answer; the scheduler will ring again", error=str(error))
