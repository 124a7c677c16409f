"""The one long-lived event loop of a process, on a thread of its own: model clients and the socket bell live on it."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_starting = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner = 0  # the process that started it: a forked child inherits the object, not the thread


def submit(coro: Coroutine[Any, Any, Answer]) -> Future[Answer]:
    """Run a coroutine on the loop; its answer or exception arrives in the future, and cancelling that cancels it."""
    return asyncio.run_coroutine_threadsafe(coro, running())


def running() -> asyncio.AbstractEventLoop:
    """The loop, started on first use."""
    if _loop is not None and _owner == os.getpid():
        return _loop
    with _starting:
        if _loop is None or _owner != os.getpid():
            _start()
        assert _loop is not None
        return _loop


def _start() -> None:
    global _loop, _owner
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="baton-loop", daemon=True)
    thread.start()
    _loop, _owner = loop, os.getpid()
    atexit.register(_stop, loop, thread, os.getpid())


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread, owner: int) -> None:
    """Let the thread end before the interpreter tears its modules down under it."""
    if owner == os.getpid():
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=1)
