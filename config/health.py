"""Is the process up, is the installation fit, and the figures for Prometheus."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from redis import Redis
from redis.exceptions import RedisError

from runs.engine.status import RunStatus
from runs.models import WorkflowRun
from runs.scheduler import alive


@login_not_required
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as soon as the process answers and its tables are there."""
    try:
        pending = (
            MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
            if not _READY
            else []
        )
    except DatabaseError:
        return JsonResponse({"status": "database unavailable"}, status=503)
    if pending:
        return JsonResponse({"status": "migrations pending"}, status=503)
    _READY.append(True)
    return JsonResponse({"status": "ok"})


_READY: list[bool] = []


@login_not_required
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, Redis, a worker and a scheduler are fit; 503 names what is not."""
    checks = {"database": _database(), "redis": _redis()}
    if checks["database"]:
        now = timezone.now()
        checks["worker"] = alive("worker", now, timedelta(seconds=60))
        checks["scheduler"] = alive("scheduler", now)
    fit = all(checks.values()) and len(checks) == 4
    response = JsonResponse({"status": "ok" if fit else "unfit", "checks": checks}, status=200 if fit else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # an answer to a question, not a failure of this process
    return response


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5) as client:
            return bool(client.ping())
    except RedisError:
        return False


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text: open runs by status, length of the queue, processes alive."""
    registry = CollectorRegistry()
    runs = Gauge("baton_runs_open", "Runs in earnest that have not ended", ["status"], registry=registry)
    for status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED):
        runs.labels(status.value).set(WorkflowRun.objects.filter(status=status.value, dry__isnull=True).count())
    alive_gauge = Gauge(
        "baton_alive", "Whether a process of that role has given a sign of life lately", ["role"], registry=registry
    )
    now = timezone.now()
    for role in ("worker", "scheduler"):
        alive_gauge.labels(role).set(int(alive(role, now, timedelta(seconds=60))))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
