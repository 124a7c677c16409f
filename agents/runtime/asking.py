"""Asking a model, on pydantic-ai's model layer. Loaded when a process takes its first turn."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Any

from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from agents.runtime import answers, failures, loop, stored
from agents.runtime.errors import ModelError, Passing, PassingError
from agents.runtime.models import PROVIDERS, SCRIPTED, endpoint_of
from agents.runtime.scripted import ScriptedModel
from agents.runtime.turn import TurnAnswer, TurnRequest

_Ask = Callable[[], Coroutine[Any, Any, TurnAnswer]]

log = logging.getLogger(__name__)


def begin(request: TurnRequest) -> Future[TurnAnswer]:
    """Start a turn; its answer, PassingError or PermanentError arrives in the future."""
    try:
        if request.model != SCRIPTED:
            return loop.submit(_within(request.timeout, _ask_provider(request)))
        model = _script_of(request)
        ask = partial(_ask, partial(model.answer, stored.answers(request.messages)), "")
        return loop.submit(_within(request.timeout, ask)) if model.takes_time else _at_once(ask)
    except ModelError as error:
        return _failed(error)


def warm_up() -> None:
    """Pay for imports, prices and the loop's thread before the first turn."""
    loop.running()
    if any(os.environ.get(name) for provider in PROVIDERS.values() for name in (*provider.keys, *provider.base_urls)):
        _clients()


def _script_of(request: TurnRequest) -> ScriptedModel:
    known = dict(request.values)
    failures = known.pop("attempt_failures", 0)
    known["calls"] = stored.results_in(request.messages)
    if known["calls"]:
        known["result"] = known["calls"][-1]
    return ScriptedModel(request.script, known, failures)


def _ask_provider(request: TurnRequest) -> _Ask:
    endpoint = endpoint_of(request.model)
    model = _clients().model_of(endpoint)
    # Ours is the deadline that counts; this one only keeps the SDKs from having a shorter one of their own.
    settings = ModelSettings(timeout=request.timeout + 1)
    messages = stored.load(request.messages)
    parameters = _parameters(request)
    answer = partial(model_request, model, messages, model_settings=settings, model_request_parameters=parameters)
    return partial(_ask, answer, endpoint.key)


def _clients() -> Any:
    from agents.runtime import clients  # the SDKs of providers: a scripted run needs none of them

    return clients


def _parameters(request: TurnRequest) -> ModelRequestParameters:
    tools = [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=tool.parameters, strict=False
        )
        for tool in request.tools
    ]
    return ModelRequestParameters(function_tools=tools)


async def _ask(answer: Callable[[], Coroutine[Any, Any, ModelResponse]], key: str) -> TurnAnswer:
    started = monotonic()
    try:
        return answers.read(await answer(), monotonic() - started)
    except ModelError:
        raise
    except Exception as error:  # whatever an SDK makes of an answer, a run knows two errors only
        if not isinstance(error, (AgentRunError, UserError)):
            log.warning("A model call ended in an unforeseen way", exc_info=True)
        raise failures.told(error, key=key) from None


async def _within(seconds: float, ask: _Ask) -> TurnAnswer:
    """The answer, or a time-out when the whole of it is not there in time, however slowly it trickles in."""
    task = asyncio.ensure_future(ask())
    task.add_done_callback(_forget)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        # Not awaited: an SDK that is slow to close its connection holds nobody up.
        task.cancel()
    if not done:
        raise PassingError(Passing.TIMEOUT, f"The provider gave no whole answer in {seconds:g} s.")
    if task.cancelled():
        raise PassingError(Passing.CONNECTION, "The call to the provider was broken off.")
    return task.result()


def _forget(task: asyncio.Task[TurnAnswer]) -> None:
    """An abandoned call may still fail; asyncio must not report that as an error nobody looked at."""
    if not task.cancelled():
        task.exception()


def _at_once(ask: _Ask) -> Future[TurnAnswer]:
    """Run a coroutine that waits for nothing right here: a hop to the loop and back costs more than the turn."""
    future: Future[TurnAnswer] = Future()
    asking = ask()
    try:
        asking.send(None)
    except StopIteration as end:
        future.set_result(end.value)
    except ModelError as error:
        future.set_exception(error)
    else:
        asking.close()
        raise RuntimeError("A turn that was to be answered at once waits for something.")
    return future


def _failed(error: ModelError) -> Future[TurnAnswer]:
    future: Future[TurnAnswer] = Future()
    future.set_exception(error)
    return future
