"""After an edit is committed: telling the open pages of its workflow "now at edit N". Losing a hint costs time only."""

from __future__ import annotations

import atexit
import threading
from concurrent.futures import Future, wait
from typing import Final

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from agents.runtime.loop import submit

log = structlog.get_logger(__name__)

GONE: Final = 0  # instead of a number: the workflow was deleted
_FLUSH: Final = 1.0  # seconds that a process which ends may take to send its last hints

_unsent: set[Future[None]] = set()
_guard = threading.Lock()
_flushes_at_exit = False


def workflow_group(workflow_id: int) -> str:
    """The group of a workflow's pages."""
    return f"workflow.{workflow_id}"


def edited(workflow_id: int, number: int) -> None:
    """Tell the pages of a workflow that its edit `number` (or GONE) is committed; for `transaction.on_commit`.

    Returns at once, from whatever process; where Redis does not answer, that is logged and the pages find out later.
    """
    sending = submit(_send(workflow_id, number))
    with _guard:
        _unsent.add(sending)
        _flush_at_exit()
    sending.add_done_callback(_sent)


async def _send(workflow_id: int, number: int) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await layer.group_send(workflow_group(workflow_id), {"type": "workflow.edited", "seq": number})
    except (RedisError, OSError) as error:
        log.warning("open pages were not told of an edit", workflow=workflow_id, edit=number, error=str(error))


def _sent(sending: Future[None]) -> None:
    with _guard:
        _unsent.discard(sending)


def _flush_at_exit() -> None:
    """A command ends right after its commit. Registered after the loop was started, so run before it is stopped."""
    global _flushes_at_exit
    if not _flushes_at_exit:
        _flushes_at_exit = True
        atexit.register(_flush)


def _flush() -> None:
    with _guard:
        left = set(_unsent)
    wait(left, timeout=_FLUSH)
