"""After a commit: telling open pages "now at event N". Gathered, and sent on the one event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from agents.runtime.loop import submit
from projects.layer import send_many
from runs.engine.status import FINAL_RUN, RunStatus
from runs.models import WorkflowRun

log = structlog.get_logger(__name__)

_LOOK = 2.0  # seconds between looks of those who wait for an end, where no bell is heard
_GATHER = 0.05  # seconds that changes of a run are gathered before they are told


def run_group(run_id: UUID | str) -> str:
    """The group of a run's page."""
    return f"run.{run_id}"


def project_group(project_id: int) -> str:
    """The group of a project's pages."""
    return f"project.{project_id}"


_pending: dict[UUID, tuple[int, int]] = {}
_asking: set[UUID] = set()  # those of them whose gates or questions changed
_guard = threading.Lock()
_sending = False
_hurry: asyncio.Event | None = None  # ends the gathering early


def changed(runs: Mapping[UUID, tuple[int, int]], *, hurry: bool = False, gates: Iterable[UUID] = ()) -> None:
    """Tell the pages of these runs (id -> project id, last event number) that there is news; `gates` are those of them
    whose gates or questions changed: inboxes hear of no others.

    With `hurry` somebody may be waiting for just this (`run_ended`): it is told at once.
    """
    global _sending
    if not runs:
        return
    with _guard:
        _pending.update(runs)
        _asking.update(gates)
        if _sending and not hurry:
            return
        first, _sending = not _sending, True
    submit(_send() if first else _wake())
    if first and hurry:
        submit(_wake())


async def _wake() -> None:
    if _hurry is not None:
        _hurry.set()


async def _gathered() -> None:
    global _hurry
    _hurry = asyncio.Event()
    try:
        await asyncio.wait_for(_hurry.wait(), _GATHER)
    except TimeoutError:
        pass  # gathered long enough
    finally:
        _hurry = None


async def _send() -> None:
    global _sending
    await _gathered()
    with _guard:
        batch, asking = dict(_pending), set(_asking)
        _pending.clear()
        _asking.clear()
        _sending = False
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await send_many(layer, list(_hints(batch, asking)))
    except (RedisError, OSError) as error:
        log.warning("open pages were not told", error=str(error))


def _hints(batch: Mapping[UUID, tuple[int, int]], asking: set[UUID]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told to whom: each run's own page of it, and the pages of a project of all its runs at once."""
    projects: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for run_id, (project_id, seq) in batch.items():
        news = {"run": str(run_id), "seq": seq, "gates": run_id in asking}
        projects[project_id].append(news)
        yield run_group(run_id), {"type": "run.changed", **news}
    for project_id, all_news in projects.items():
        runs = [(news["run"], news["seq"]) for news in all_news]
        gates = any(news["gates"] for news in all_news)
        yield project_group(project_id), {"type": "runs.changed", "runs": runs, "gates": gates}


async def run_ended(run_id: UUID, seconds: float) -> bool:
    """Wait until a run has ended, at most so long. Holds no thread and no database connection between looks.

    The bell wakes it; where the bell is lost it looks by itself now and then.
    """
    layer = get_channel_layer()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    channel = await layer.new_channel() if layer is not None else ""
    if layer is not None:
        await layer.group_add(run_group(run_id), channel)
    try:
        while True:
            if await database_sync_to_async(_is_over)(run_id):
                return True
            left = end - loop.time()
            if left <= 0:
                return False
            await _heard(layer, channel, min(left, _LOOK))
    finally:
        if layer is not None:
            await layer.group_discard(run_group(run_id), channel)


async def _heard(layer: Any, channel: str, seconds: float) -> None:
    if layer is None:
        await asyncio.sleep(seconds)
        return
    try:
        await asyncio.wait_for(layer.receive(channel), seconds)
    except TimeoutError:
        return


def _is_over(run_id: UUID) -> bool:
    status = WorkflowRun.objects.filter(pk=run_id).values_list("status", flat=True).first()
    return status is None or RunStatus(status) in FINAL_RUN
