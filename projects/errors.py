"""Anticipated failures, by what the caller should do. One registry turns them into HTTP, one middleware into pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One problem and its place, such as `workflows[0].stages[1].name`."""

    path: str
    message: str


class BatonError(Exception):
    """Something was refused; `message` says what and why, `details` where."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)


class Unauthorized(BatonError):
    """No valid sign of who asks."""

    code = "unauthorized"
    status = 401


class Forbidden(BatonError):
    """The caller is known but may not do this here."""

    code = "forbidden"
    status = 403


class NotFound(BatonError):
    """There is nothing here that the caller can see."""

    code = "not_found"
    status = 404


class Conflict(BatonError):
    """The thing is not in a state that allows this, or somebody else changed it first."""

    code = "conflict"
    status = 409


class TooLarge(BatonError):
    """The body is larger than the limit."""

    code = "too_large"
    status = 413


class Invalid(BatonError):
    """The input cannot be parsed or does not fit."""

    code = "invalid"
    status = 422


class NotSupported(BatonError):
    """Known, but not done by this version of Baton."""

    code = "not_supported"
    status = 422


class TooMany(BatonError):
    """Too many requests; `retry_after` seconds say when to come again."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
