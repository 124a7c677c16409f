"""The web process serves each request in one thread, from its first signal to its last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core import signals
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from config.handler import OneThreadHandler

Json = Any
_seen: list[tuple[str, int]] = []
_waiting, _cancelled = threading.Semaphore(0), threading.Semaphore(0)


def _note(what: str) -> None:
    _seen.append((what, threading.get_ident()))


def _plain(request: HttpRequest) -> HttpResponse:
    _note("view")
    return HttpResponse(request.body + b"!", headers={"X-Length": str(len(request.body))})


def _waits(request: HttpRequest) -> HttpResponse:
    async def long() -> None:
        _waiting.release()
        try:
            await asyncio.sleep(300)
        except asyncio.CancelledError:
            _cancelled.release()
            raise

    async_to_sync(long)()
    return HttpResponse("over")


urlpatterns = [path("plain", _plain), path("waits", _waits)]


@pytest.fixture
def served() -> Iterator[Any]:
    """Opens a request to the handler with these views; what the signals see is in `_seen`."""

    def started(**kwargs: Any) -> None:
        _note("started")

    def finished(**kwargs: Any) -> None:
        _note("finished")

    _seen.clear()
    signals.request_started.connect(started)
    signals.request_finished.connect(finished)
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=["config.middleware.ErrorPages"]):
        handler = OneThreadHandler()

        def open(address: str, method: str = "GET") -> Any:
            scope = {"type": "http", "method": method, "path": address, "query_string": b"", "headers": []}
            return ApplicationCommunicator(handler, scope)  # type: ignore[no-untyped-call]

        yield open
    signals.request_started.disconnect(started)
    signals.request_finished.disconnect(finished)


async def _answer(request: Any, *body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    for number, part in enumerate(body, 1):
        await request.send_input({"type": "http.request", "body": part, "more_body": number < len(body)})
    start = await request.receive_output(20)
    content, more = b"", True
    while more:
        part = await request.receive_output(20)
        content, more = content + part["body"], part.get("more_body", False)
    await request.wait(20)
    return start["status"], dict(start["headers"]), content


def test_a_request_stays_in_one_thread(served: Any) -> None:
    """Decision 6: signals, middleware and view see the same thread, and it is not that of the event loop."""

    async def scenario() -> Json:
        answer = await _answer(served("/plain", "POST"), b"two ", b"parts")
        return answer, threading.get_ident()

    (status, headers, content), loop = asyncio.run(scenario())

    assert (status, headers[b"X-Length"], content) == (200, b"9", b"two parts!")
    assert [what for what, _ in _seen] == ["started", "view", "finished"]
    assert len({thread for _, thread in _seen}) == 1
    assert loop not in {thread for _, thread in _seen}


def test_a_thread_serves_the_next_request(served: Any) -> None:
    """Decision 6: no request starts a thread where one is free."""

    async def scenario() -> None:
        for _ in range(50):
            assert (await _answer(served("/plain"), b""))[0] == 200

    asyncio.run(scenario())
    assert len({thread for _, thread in _seen}) <= 3  # one that has just answered may not be free yet


def test_requests_at_the_same_time_do_not_wait_for_each_other(served: Any) -> None:
    """stack.md: those who wait for the end of a run keep nobody else from being served."""

    async def scenario() -> None:
        waiting = [served("/waits") for _ in range(20)]
        for request in waiting:
            await request.send_input({"type": "http.request", "body": b""})
            assert await asyncio.to_thread(_waiting.acquire, timeout=20)
        assert (await _answer(served("/plain"), b""))[0] == 200
        for request in waiting:
            await request.send_input({"type": "http.disconnect"})
            await request.wait(20)

    asyncio.run(scenario())
    for _ in range(20):
        assert _cancelled.acquire(timeout=20)


def test_whoever_leaves_ends_the_waiting(served: Any) -> None:
    """The thread of a client that has hung up is free at once, and its request is finished."""

    async def scenario() -> None:
        request = served("/waits")
        await request.send_input({"type": "http.request", "body": b""})
        assert await asyncio.to_thread(_waiting.acquire, timeout=20)
        await request.send_input({"type": "http.disconnect"})
        await request.wait(20)
        assert request.output_queue.empty()

    asyncio.run(scenario())
    assert _cancelled.acquire(timeout=20)
    assert _seen[-1][0] == "finished"


def test_a_client_that_leaves_with_half_a_body_is_not_served(served: Any) -> None:
    """Nothing begins."""

    async def scenario() -> bool:
        request = served("/plain", "POST")
        await request.send_input({"type": "http.request", "body": b"half", "more_body": True})
        await request.send_input({"type": "http.disconnect"})
        await request.wait(20)
        return bool(await request.receive_nothing())

    assert asyncio.run(scenario())
    assert _seen == []
