"""Ending with the supervisor where the kernel cannot arrange it."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Watch the supervisor from a thread and end when it has gone. Linux does this by itself.

    Without a supervisor nothing is watched.
    """
    supervisor = os.environ.get("BATON_SUPERVISOR", "")
    if sys.platform == "linux" or supervisor != str(os.getppid()):
        return
    threading.Thread(target=_watch, args=(int(supervisor),), name="parent", daemon=True).start()


def _watch(supervisor: int) -> None:
    pause = threading.Event()
    while os.getppid() == supervisor:
        pause.wait(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
