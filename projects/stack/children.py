"""Child processes that do not outlive their parent, and are started again when they die."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

_QUICK = 5.0  # a child that lived shorter than this died quickly
_FREE_DEATHS = 10  # quick deaths in a row before the back-off begins
_LONGEST_PAUSE = 5.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(parent: int) -> None:
    """Ask the kernel (Linux) to end this with its parent, and leave the terminal's signals to the supervisor."""
    os.setpgid(0, 0)
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os._exit(0)


@dataclass(slots=True)
class Child:
    """One child: its command, and how it has fared."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    not_before: float = 0.0
    last_exit: int = field(default=0)

    def start(self) -> None:
        """Start the process."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own command line
            list(self.command),
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def tend(self) -> bool:
        """Start the process again when it has died. True when it was found dead."""
        if self.alive():
            return False
        now = time.monotonic()
        if self.process is not None:
            self.last_exit = self.process.returncode
            self.process = None
            self.quick_deaths = self.quick_deaths + 1 if now - self.started < _QUICK else 0
            over = self.quick_deaths - _FREE_DEATHS
            self.not_before = now + (min(_LONGEST_PAUSE, 0.25 * 2**over) if over > 0 else 0.0)
        if now >= self.not_before:
            self.start()
        return True

    def ask_to_end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.alive():
            self.process.send_signal(number)


def end_all(children: Sequence[Child], patience: float) -> None:
    """End children: ask, wait, then insist. In the order given, all asked at once."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + patience
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
