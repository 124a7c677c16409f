"""After a commit: telling open pages "now at event N". Coalesced and sent on the process's one event loop; losing it costs a page a moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from agents.runtime.loop import submit

log = structlog.get_logger(__name__)

_GATHER = 0.05  # seconds that changes of a run are gathered before they are told


def run_group(run_id: UUID | str) -> str:
    """The group of a run's page."""
    return f"run.{run_id}"


def project_group(project_id: int) -> str:
    """The group of a project's pages."""
    return f"project.{project_id}"


_pending: dict[UUID, tuple[int, int]] = {}
_guard = threading.Lock()
_sending = False


def changed(runs: Mapping[UUID, tuple[int, int]]) -> None:
    """Tell the pages of these runs (id -> project id, last event number) that there is news."""
    global _sending
    if not runs:
        return
    with _guard:
        _pending.update(runs)
        if _sending:
            return
        _sending = True
    submit(_send())


async def _send() -> None:
    global _sending
    await asyncio.sleep(_GATHER)
    with _guard:
        batch = dict(_pending)
        _pending.clear()
        _sending = False
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        for run_id, (project_id, seq) in batch.items():
            hint = {"type": "run.changed", "run": str(run_id), "seq": seq}
            await layer.group_send(run_group(run_id), hint)
            await layer.group_send(project_group(project_id), hint)
    except (RedisError, OSError) as error:
        log.warning("open pages were not told", error=str(error))
