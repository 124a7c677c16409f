"""Waiting in tests: asking again until the answer is true, never longer than said."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.02  # seconds between two questions


def wait_until(predicate: Callable[[], T], timeout: float = 60, message: str | Callable[[], str] = "") -> T:
    """Ask until the answer is true, and return it. Fails the test after `timeout` seconds.

    `message` says what was waited for; a function is asked for it only at the failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            told = message() if callable(message) else message
            raise AssertionError(f"not within {timeout} s: {told or predicate} (last answer: {answer!r})")
        time.sleep(_PAUSE)
