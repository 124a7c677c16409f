"""The doorbell: telling the workers that a run has something to do. Losing a ring costs time, never work."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

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
    ids = list(run_ids)
    if not ids:
        return
    with _LINE:
        if time.monotonic() < _quiet_until:
            return
        try:
            _LINE.send(ids)
        except (BrokerError, RedisError, OSError) as error:
            _quiet_until = time.monotonic() + _REST
            log.warning("the queue does not answer; the scheduler will ring again", error=str(error))


class Letter:
    """The message of a ring as Celery sends it, made by Celery once: one ring differs from another in its ids alone.

    Celery's own sending takes about twenty times as long as what Redis is asked for.
    """

    _RUN, _TASK, _BODY = (str(UUID(int=number)) for number in (1, 2, 3))  # where ids and the body go

    def __init__(self) -> None:
        with current_app.connection_for_write("memory://") as here:
            current_app.send_task(
                ADVANCE, kwargs={"run_id": self._RUN}, task_id=self._TASK, connection=here, retry=False
            )
            channel: Any = here.default_channel
            message = channel._get(current_app.conf.task_default_queue)
        self.queue: str = message["properties"]["delivery_info"]["routing_key"]
        self._tag: str = message["properties"]["delivery_tag"]
        self._inside = b64decode(message["body"]).decode()
        self._outside = json.dumps({**message, "body": self._BODY})

    def to(self, run_id: UUID) -> str:
        """The message that rings for a run."""
        run, task = str(run_id), str(uuid4())
        body = b64encode(self._inside.replace(self._RUN, run).encode()).decode()
        outside = self._outside.replace(self._RUN, run).replace(self._TASK, task).replace(self._tag, task)
        return outside.replace(self._BODY, body)


class _Line:
    """The way to the queue: one client of Celery's own connection, kept, for one thread at a time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._letter: Letter | None = None
        self._channel: Any = None
        self._client: Any = None

    def __enter__(self) -> None:
        self._guard.acquire()

    def __exit__(self, *raised: object) -> None:
        self._guard.release()

    def send(self, run_ids: list[UUID]) -> None:
        """Put a message for each run into the queue, with one question to Redis."""
        if self._letter is None:
            self._letter = Letter()
        if self._client is None:
            self._channel = current_app.connection_for_write().default_channel
            self._client = self._channel.Client(connection_pool=self._channel.pool)
        self._client.lpush(self._letter.queue, *(self._letter.to(run_id) for run_id in run_ids))


_LINE = _Line()
