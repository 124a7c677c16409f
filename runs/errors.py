"""What can go wrong with runs, by what the caller should do about it."""

from __future__ import annotations

from projects.errors import BatonError, Conflict


class WrongState(Conflict):
    """The run or gate is not in a state that allows this; the message says what is and what was wanted."""

    code = "wrong_state"


class GateClosed(Conflict):
    """The gate has been answered, has expired or was cancelled; the message says who answered what and when."""

    code = "gate_closed"


class AlreadyAnswered(Conflict):
    """This person has given this very answer at a gate that takes several persons."""

    code = "already_answered"


class LinkEnded(BatonError):
    """The approval link works no longer; the message says why: used, withdrawn, decided, or no longer the person's to
    answer."""

    code = "link_ended"
    status = 410


class LeaseLost(Exception):
    """The worker no longer holds the agent it was working on; what it brings is dropped."""


class Refused(BatonError):
    """A start from inside a run was refused: `message` is for the agent, `detail` (the chain of names) for people."""

    code = "refused"
    status = 422

    def __init__(self, message: str, *, detail: str | None = None, known: str | None = None) -> None:
        super().__init__(message)
        self.detail = detail
        self.known = known
