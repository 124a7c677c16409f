"""What can go wrong with a model call, divided by what the caller should do about it."""

from __future__ import annotations

from enum import StrEnum


class Passing(StrEnum):
    """Failures that may pass by themselves: the same call is worth another try."""

    RATE_LIMIT = "rate_limit"  # HTTP 429
    SERVER_ERROR = "server_error"  # HTTP 5xx, or an answer that nobody can read
    TIMEOUT = "timeout"  # no whole answer within the deadline
    CONNECTION = "connection"  # refused, reset, or cut in the middle of the answer


class ModelError(Exception):
    """The model gave no usable answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class PassingError(ModelError):
    """Try again later. `retry_after` is what the provider asked for, in seconds, or None."""

    def __init__(self, kind: Passing, message: str, retry_after: float | None = None) -> None:
        super().__init__(kind, message)
        self.retry_after = retry_after


class PermanentError(ModelError):
    """Trying again would end the same way: a person has to change something."""
