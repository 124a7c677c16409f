"""A stand-in for the providers of models: real HTTP on 127.0.0.1, answers and failures as a test wants them."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.provider_protocols import PROTOCOLS, Protocol

Json = Any


@dataclass(frozen=True)
class Say:
    """A final text."""

    text: str
    reasoning: str = ""
    tokens: tuple[int, int] = (20, 5)  # input and output
    cached: int = 0  # how many of the input tokens came from the provider's cache
    finish: str | None = None  # "length" or "content_filter"; None is a normal end


@dataclass(frozen=True)
class Call:
    """One tool call; `args` is an object, or the very text that the model wrote."""

    name: str
    args: dict[str, Json] | str
    id: str = "call_1"


@dataclass(frozen=True)
class Calls:
    """Tool calls, with a text beside them."""

    calls: tuple[Call, ...]
    text: str | None = None
    tokens: tuple[int, int] = (20, 5)


@dataclass(frozen=True)
class Status:
    """An error of the provider, in its own words."""

    status: int
    words: str = "something went wrong"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """A body that is sent as it is, with status 200."""

    body: bytes


@dataclass(frozen=True)
class Hang:
    """No answer at all, until the client gives up or the stand-in is closed."""


@dataclass(frozen=True)
class Trickle:
    """An answer of which one byte comes every `every` seconds: no single read ever takes long."""

    every: float = 0.05


@dataclass(frozen=True)
class Cut:
    """Half an answer, then a reset connection; with `answered=False` the reset comes before any byte."""

    answered: bool = True


Answer = Say | Calls | Status | Raw | Hang | Trickle | Cut


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Json


class Provider:
    """The stand-in: `answer` queues what it says, `requests` holds what it was asked.

    It checks what real ones check: the key (when it has one), the model (when it knows any), and that each tool call of
    the history is an object and has exactly one result. Without a queued answer it says `fallback`.
    """

    def __init__(self, *, key: str | None = None, models: frozenset[str] | None = None) -> None:
        self.key = key
        self.models = models
        self.requests: list[Recorded] = []
        self.fallback: Answer = Say("Done.")
        self.abandoned = threading.Event()  # a client hung up while it was kept waiting
        self.closing = threading.Event()
        self._answers: dict[str | None, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def openai_url(self) -> str:
        """The base URL for OPENAI_BASE_URL."""
        return f"{self.address}/v1"

    def answer(self, *answers: Answer, model: str | None = None) -> None:
        """Queue answers, one a request; with `model`, only for requests to that model."""
        with self._lock:
            self._answers[model].extend(answers)

    def take(self, request: Recorded, model: str) -> Answer:
        """Record a request and choose its answer."""
        with self._lock:
            self.requests.append(request)
            for queue in (self._answers[model], self._answers[None]):
                if queue:
                    return queue.popleft()
            return self.fallback

    def close(self) -> None:
        """Let go of every client that still waits, and stop."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running(**options: Any) -> Iterator[Provider]:
    """A stand-in for the length of a test."""
    provider = Provider(**options)
    try:
        yield provider
    finally:
        provider.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests are about; it is no error of the stand-in."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Tests look at `requests`."""

    def do_POST(self) -> None:
        provider = self.server.provider
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        protocol = next((found for found in PROTOCOLS if found.speaks(self.path)), None)
        if protocol is None:
            self._send(404, {"error": {"message": f"no such path {self.path}"}})
            return
        request = Recorded(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        model = protocol.model(self.path, body)
        answer = provider.take(request, model)
        refusal = self._refusal(protocol, request, model)
        self._carry_out(protocol, model, refusal or answer)

    def _refusal(self, protocol: Protocol, request: Recorded, model: str) -> Status | None:
        provider = self.server.provider
        given = protocol.key(request.headers)
        if provider.key is not None and given != provider.key:
            return Status(401, f"Incorrect API key provided: {given}. You can find your key in your account.")
        if provider.models is not None and model not in provider.models:
            return Status(404, f"The model `{model}` does not exist or you do not have access to it.")
        problem = protocol.history_problem(request.body)
        return Status(400, problem) if problem else None

    def _carry_out(self, protocol: Protocol, model: str, answer: Answer) -> None:
        match answer:
            case Status():
                self._send(answer.status, protocol.error(answer), answer.headers)
            case Raw():
                self._send_bytes(200, answer.body)
            case Hang():
                self._wait(lambda: False)
            case Trickle():
                self._trickle(protocol.render(Say("slow"), model), answer.every)
            case Cut():
                self._cut(protocol.render(Say("never whole"), model), answer.answered)
            case Say() | Calls():
                self._send(200, protocol.render(answer, model))

    def _send(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(body).encode(), headers)

    def _send_bytes(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._head(status, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        standing = {"Content-Type": "application/json", "Content-Length": str(length)}
        for name, value in {**standing, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def _wait(self, done: Callable[[], bool], every: float = 0.02) -> None:
        """Wait until `done`, until the client hangs up, or until the stand-in closes."""
        while not self.server.provider.closing.is_set() and not done():
            readable, _, _ = select.select([self.connection], [], [], every)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.server.provider.abandoned.set()
                break
        self.close_connection = True

    def _trickle(self, body: Json, every: float) -> None:
        rest = iter(json.dumps(body).encode())
        self._head(200, 10_000)

        def one_more() -> bool:
            self.wfile.write(bytes([next(rest, 32)]))
            return False

        self._wait(one_more, every)

    def _cut(self, body: Json, answered: bool) -> None:
        text = json.dumps(body).encode()
        if answered:
            self._head(200, len(text))
            self.wfile.write(text[: len(text) // 2])
        self.wfile.flush()
        # Linger 0: close() sends a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
