"""The scheduler: ends what is due and rings for what should be moving and is not. Any number of them may run."""

from __future__ import annotations

import signal
import threading
from datetime import datetime, timedelta
from types import FrameType
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from runs import bell, store
from runs.control import cancel_marked_child
from runs.engine.status import AgentStatus, CallStatus, GateStatus, RunStatus
from runs.leases import is_dead, owner
from runs.models import AgentRun, Gate, Heartbeat, ScheduledStart, WorkflowCall, WorkflowRun
from runs.models.workflow_run import FINAL
from runs.operations import start_scheduled
from runs.waits import expire_call, expire_gate, remind_of, retry_agent, return_if_ended

log = structlog.get_logger(__name__)

_BATCH = 200  # rows of each kind per sweep
_PATIENCE = timedelta(seconds=1)  # a ring may take this long before it counts as lost
_AGAIN = timedelta(seconds=5)  # and is repeated this often
_BACKLOG_PATIENCE = timedelta(seconds=60)  # when the queue is not empty, its messages are probably just waiting
_FORGET = timedelta(minutes=10)


def run_forever() -> None:
    """Sweep every SWEEP_SECONDS until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not stop.is_set():
        try:
            sweep(timezone.now())
        except DatabaseError as error:
            log.warning("sweep failed, trying again", error=str(error))
            connection.close()
        stop.wait(settings.BATON.sweep_seconds)


def sweep(now: datetime) -> None:
    """One round: everything that is due, then a ring for everything that stands still."""
    store.beat(f"scheduler {owner()}", "scheduler", now)
    for task in (_retries, _calls, _gates, _reminders, _returns, _scheduled, _cascades, _dead_owners, _standing_still):
        task(now)
    store.forget_beats(now - _FORGET)


def _retries(now: datetime) -> None:
    rows = AgentRun.objects.filter(status=AgentStatus.RETRYING.value, retry_at__lte=now).order_by("retry_at")[:_BATCH]
    for row in list(rows):
        retry_agent(row)


def _calls(now: datetime) -> None:
    rows = WorkflowCall.objects.filter(status=CallStatus.WAITING.value, until__lte=now).order_by("until")[:_BATCH]
    for row in list(rows):
        expire_call(row, now)


def _returns(now: datetime) -> None:
    """Waits whose run has ended, where a crash came between the end and its telling."""
    rows = WorkflowCall.objects.filter(status=CallStatus.WAITING.value, child__status__in=FINAL).order_by("since")
    for run_id, key in rows.values_list("run_id", "key")[:_BATCH]:
        return_if_ended(run_id, key)


def _gates(now: datetime) -> None:
    rows = Gate.objects.filter(status=GateStatus.OPEN.value, deadline__lte=now).order_by("deadline")[:_BATCH]
    for row in list(rows):
        expire_gate(row)


def _reminders(now: datetime) -> None:
    due = Gate.objects.filter(status=GateStatus.OPEN.value, remind_at__lte=now)
    for row in list(due.select_related("run", "stage_run").order_by("remind_at")[:_BATCH]):
        remind_of(row, now)


def _scheduled(now: datetime) -> None:
    for row in list(ScheduledStart.objects.filter(status="pending", due_at__lte=now).order_by("due_at")[:_BATCH]):
        start_scheduled(row, now)


def _cascades(now: datetime) -> None:
    """Children of cancelled parents that a crash left running. Fresh marks are still in the hands of the request."""
    rows = WorkflowCall.objects.filter(cancel_child=True, resolved_at__lte=now - _PATIENCE).order_by("since")[:_BATCH]
    for row in list(rows):
        cancel_marked_child(row)


def _dead_owners(now: datetime) -> None:
    """Workers of this host that have certainly ended need not keep their leases until they lapse."""
    held = AgentRun.objects.filter(status=AgentStatus.RUNNING.value, lease_until__gt=now).exclude(lease_owner="")
    dead = [name for name in held.values_list("lease_owner", flat=True).distinct() if is_dead(name)]
    if dead:
        count = store.expire_leases_of(dead, now)
        log.info("leases of ended workers released", owners=dead, leases=count)


def _standing_still(now: datetime) -> None:
    """Ring for runs that nobody has taken up: their ring was lost, or their worker was."""
    lapsed = AgentRun.objects.filter(status=AgentStatus.RUNNING.value, lease_until__lte=now).exclude(
        run__status=RunStatus.PAUSED.value
    )
    ring = list(lapsed.values_list("run_id", flat=True)[:_BATCH])
    patience = _BACKLOG_PATIENCE if _queue_length() else _PATIENCE
    ring += _unclaimed(now, now - patience)
    found = list(dict.fromkeys(ring))
    if found:
        store.mark_rung(found, now)
        bell.ring(found)


def _unclaimed(now: datetime, before: datetime) -> list[UUID]:
    quiet = WorkflowRun.objects.exclude(rung_at__gt=now - _AGAIN)
    queued = quiet.filter(status=RunStatus.QUEUED.value, created_at__lte=before).order_by("created_at")
    found = list(queued.values_list("pk", flat=True)[:_BATCH])
    ready = AgentRun.objects.filter(status=AgentStatus.READY.value, changed_at__lte=before).exclude(
        run__rung_at__gt=now - _AGAIN
    )
    ready = ready.exclude(run__status=RunStatus.PAUSED.value).order_by("changed_at")
    return found + list(ready.values_list("run_id", flat=True)[:_BATCH])


def _queue_length() -> int:
    """Messages that wait in the queue; 0 when Redis does not answer."""
    global _redis
    try:
        if _redis is None:
            _redis = Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)
        return int(_redis.llen(settings.CELERY_QUEUE))
    except RedisError:
        return 0


_redis: Redis | None = None


def alive(role: str, now: datetime, within: timedelta = timedelta(seconds=15)) -> bool:
    """Whether a process of that role has said lately that it lives."""
    return Heartbeat.objects.filter(role=role, at__gte=now - within).exists()
