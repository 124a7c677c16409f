"""`manage.py up`: everything on one machine, under one supervisor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connections

from projects.stack.supervisor import CannotStart, Plan, Supervisor
from projects.tokens import create_login_link

ADMIN = "admin"


class Command(BaseCommand):
    """Starts Redis, worker, scheduler and web, and prints the address with a one-time login link."""

    help = "Start everything on this machine and print the address with a one-time login link. Ctrl-C stops it all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--port", type=int, default=settings.BATON.port, help="the port on 127.0.0.1 (or PORT)")
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo project")
        parser.add_argument("--workers", type=int, default=1, help="worker processes")
        parser.add_argument("--threads", type=int, default=8, help="slots of each worker process")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        for name in ("workers", "threads"):
            if not 1 <= options[name] <= 64:
                self._refuse(f"--{name}: {options[name]} is not between 1 and 64")
        if not 1 <= options["port"] <= 65_535:
            self._refuse(f"PORT: {options['port']} is not a port")
        plan = Plan(
            data=settings.DATA,
            manage=Path(settings.ROOT) / "manage.py",
            port=options["port"],
            workers=options["workers"],
            threads=options["threads"],
            redis_socket=None if settings.BATON.redis_url else settings.REDIS_SOCKET,
            redis_url=settings.REDIS_URL,
        )
        try:
            Supervisor(
                plan, lambda: self._prepare(demo=not options["no_demo"]), lambda: self._say_ready(options["port"])
            ).run()
        except CannotStart as error:
            self._refuse(str(error))

    def _refuse(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)
        raise SystemExit(2)

    def _prepare(self, *, demo: bool) -> None:
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except OperationalError as error:
            name = "DATABASE_URL" if settings.BATON.database_url else "BATON_DATA"
            raise CannotStart(f"{name}: the database cannot be used ({' '.join(str(error).split())})") from None
        call_command("bootstrap", demo=demo, verbosity=0)
        connections.close_all()

    def _say_ready(self, port: int) -> None:
        secret = create_login_link(User.objects.get(username=ADMIN))
        connections.close_all()
        address = settings.BATON.public_url or f"http://127.0.0.1:{port}"
        self.stdout.write(f"Baton is ready: {address}/login/once/{secret}")
        self.stdout.flush()
