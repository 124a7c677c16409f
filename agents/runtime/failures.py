"""What the model layer raises, as the two errors that a run knows. No message ever holds a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_ai import exceptions as layer

from agents.runtime.errors import ModelError, Passing, PassingError, PermanentError
from agents.runtime.limits import PROVIDER_WORDS

# Providers repeat a wrong key in their answer, often half masked.
_KEY = re.compile(r"\b(?:(?:sk|xai|gsk)[-_]|AIza)[-_*.A-Za-z0-9]{6,}")
_LONGEST_WAIT = 86_400.0  # seconds; what a provider asks beyond that is no answer to "when again?"
_PERMANENT = {401: "bad_key", 402: "no_credit", 403: "forbidden", 404: "unknown_model", 413: "too_large"}
_PASSING = {
    408: Passing.TIMEOUT,
    409: Passing.SERVER_ERROR,  # what the SDKs would try again too: the request met another of its kind
    425: Passing.SERVER_ERROR,
    429: Passing.RATE_LIMIT,
}


def told(error: Exception, *, key: str = "") -> ModelError:
    """The error to raise in place of `error`; `key` is never repeated."""
    return _by_status(error, key) if isinstance(error, layer.ModelHTTPError) else _by_class(error, key)


def _by_status(error: layer.ModelHTTPError, key: str) -> ModelError:
    status = error.status_code
    message = f"The provider answered {status}: {_words(error.body, key)}"
    passing = Passing.SERVER_ERROR if status >= 500 else _PASSING.get(status)
    if passing is not None:
        return PassingError(passing, message, _wait(error.retry_after))
    return PermanentError(_PERMANENT.get(status, "bad_request"), message)


def _by_class(error: Exception, key: str) -> ModelError:
    words = clean(str(error).partition("\n")[0], key)  # further lines are the details of a validation
    match error:
        case layer.ModelTimeoutError() | layer.ModelRequestTimeout():
            return PassingError(Passing.TIMEOUT, f"The provider took too long: {words}")
        case layer.ModelConnectionError():
            return PassingError(Passing.CONNECTION, f"The connection to the provider broke: {words}")
        case layer.ModelRateLimitError():
            return PassingError(Passing.RATE_LIMIT, f"The provider refused for now: {words}", _wait(error.retry_after))
        case layer.ModelRequestRejectedError() | layer.ModelQuotaExceededError() | layer.ContentFilterError():
            return PermanentError("bad_request", f"The provider refused: {words}")
        case layer.UserError():
            return PermanentError("bad_request", f"The model cannot be asked this: {words}")
        case layer.ModelAPIError() if _is_redirect(error.__cause__):
            return PermanentError(
                "wrong_address", "The provider's address answers with a redirect; check the base URL."
            )
        case layer.ModelAPIError() | layer.UnexpectedModelBehavior():
            return PassingError(Passing.SERVER_ERROR, f"The provider's answer cannot be read: {words}")
    return PassingError(Passing.SERVER_ERROR, f"The provider's answer cannot be read ({type(error).__name__}).")


def _wait(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds <= _LONGEST_WAIT else None


def _is_redirect(cause: BaseException | None) -> bool:
    status = getattr(cause, "status_code", None) or getattr(cause, "code", None)
    return isinstance(status, int) and 300 <= status < 400


def _words(body: object, key: str) -> str:
    """The provider's own explanation out of the body of an error, wherever it is in there."""
    inner: Any = body
    for _ in range(3):
        if not isinstance(inner, Mapping):
            break
        inner = inner.get("message") or inner.get("error") or inner.get("detail") or str(inner)
    return clean(str(inner or "no explanation"), key)


def clean(text: str, key: str = "") -> str:
    """On one line, not too long, without anything that looks like a key."""
    line = " ".join(text.split())
    if key:
        line = line.replace(key, "[key]")
    line = _KEY.sub("[key]", line)
    return line if len(line) <= PROVIDER_WORDS else f"{line[:PROVIDER_WORDS]} […]"
