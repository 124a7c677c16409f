"""Waiting in tests: asking again until the answer is true, never longer than said."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Seconds between two questions: a tenth of the time that was waited, so that asking costs those who are asked little.
_SHORTEST, _LONGEST = 0.02, 0.1


def wait_until(predicate: Callable[[], T], timeout: float = 60, message: str | Callable[[], str] = "") -> T:
    """Ask until the answer is true, and return it. Fails the test after `timeout` seconds.

    `message` says what was waited for; a function is asked for it only at the failure.
    """
    begun = time.monotonic()
    while True:
        answer = predicate()
        if answer:
            return answer
        waited = time.monotonic() - begun
        if waited > timeout:
            told = message() if callable(message) else message
            raise AssertionError(f"not within {timeout} s: {told or predicate} (last answer: {answer!r})")
        time.sleep(min(_LONGEST, max(_SHORTEST, waited / 10)))
