"""Daphne's server without what Twisted would do for each request and nobody reads."""

from __future__ import annotations

from typing import Any

from daphne import server
from daphne.http_protocol import HTTPFactory, WebRequest


class _Request(WebRequest):  # type: ignore[misc] # daphne ships no types
    """Leaves bodies alone: Twisted would parse each form and each content type, and Django does it again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)


class _Factory(HTTPFactory):  # type: ignore[misc]
    """Writes no access log: Twisted would put together a line for each request, and Daphne throws them away."""

    def buildProtocol(self, addr: Any) -> Any:
        """A connection whose requests are ours."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = _Request
        return protocol

    def log(self, request: Any) -> None:
        """Write nothing."""


class Server(server.Server):  # type: ignore[misc]
    """Daphne's server with these requests."""

    def run(self) -> None:
        """Serve until told to stop."""
        server.HTTPFactory = _Factory  # it makes its factory itself
        super().run()
