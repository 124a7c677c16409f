"""`manage.py web`: the web process (daphne: HTTP and sockets)."""

from __future__ import annotations

import os
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from projects.stack.parent import end_with_parent
from projects.stack.serving import Server
from projects.watching import LARGEST


class Command(BaseCommand):
    """Serves pages, the API and sockets."""

    help = "Run the web process (HTTP and sockets)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--port", type=int, default=settings.BATON.port, help="the port (or PORT)")
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop."""
        os.environ.setdefault("ASGI_THREADS", "8")
        end_with_parent()
        Server(
            application=import_string(settings.ASGI_APPLICATION),
            endpoints=build_endpoint_description_strings(host=options["host"], port=options["port"]),
            signal_handlers=True,
            action_logger=None,
            http_timeout=None,
            request_buffer_size=65_536,
            websocket_timeout=86_400,
            websocket_max_message_size=LARGEST,
            websocket_max_frame_size=LARGEST,
            application_close_timeout=5,
            server_name="Baton",
        ).run()
