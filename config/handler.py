"""Django's handler of HTTP requests, with the whole of a request in one thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

# More than ever serve at once: a call with `?wait=` keeps its thread, and nobody may stand in line behind those. There
# are as many threads as were busy at the same time.
_MOST = 10_000
_THREADS = ThreadPoolExecutor(max_workers=_MOST, thread_name_prefix="request")


class OneThreadHandler(ASGIHandler):
    """Serves each request in one thread from its first signal to its last, and keeps the thread for the next one.

    Django's own starts two threads for each request and hops between them and the event loop for each signal, each
    middleware that looks at a view, the view, and the end. That costs more than what most requests do.
    """

    def __init__(self) -> None:
        super().__init__()
        self._in_thread = sync_to_async(self._serve, thread_sensitive=False, executor=_THREADS)

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain without async: an async view alone goes to the event loop, while its thread waits."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve an HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"expected an HTTP request, got {scope['type']!r}")
        await self.handle(scope, receive, send)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Read the body, serve, and send the answer. A client that leaves before that cancels an async view."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        here = asyncio.current_task()
        assert here is not None

        def leave(_: object) -> None:
            here.cancel()

        left = asyncio.ensure_future(receive())  # all that can come after the body is that the client has left
        left.add_done_callback(leave)
        try:
            response = await self._in_thread(scope, body)
            left.remove_done_callback(leave)
            await self._send(response, send)
        finally:
            left.remove_done_callback(leave)
            left.cancel()

    async def _send(self, response: HttpResponseBase, send: Any) -> None:
        if not response.streaming:
            await self.send_response(response, send)
            return
        async with ThreadSensitiveContext():  # a file is read and closed by one thread
            try:
                await self.send_response(response, send)
            finally:
                await sync_to_async(response.close)()

    def _serve(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        """What happens in the thread: the answer, closed unless it is still to be read from a file."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            response = self._answer(scope, body)
        except BaseException:  # an async view was cancelled: nothing else comes past Django's own handling
            body.close()
            signals.request_finished.send(sender=self.__class__)
            raise
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

    def _answer(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        request, refused = self.create_request(scope, body)
        if request is not None:
            return self.get_response(request)
        body.close()
        assert refused is not None
        return refused
