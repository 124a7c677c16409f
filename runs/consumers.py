"""Sockets: they say "now at event N" and nothing else. Reading happens over HTTP, with the reader's rights."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest

from projects.access import Caller, project_for
from projects.errors import BatonError
from runs.fanout import project_group, run_group
from runs.queries import run_for

_REVIEW = 30.0  # seconds between looks whether the viewer still may watch
_NOT_ALLOWED = 4403


class _Watcher(AsyncWebsocketConsumer):  # type: ignore[misc] # channels ships no types
    """A socket of one signed-in viewer in one group; closed when the right to watch is taken away."""

    group = ""
    review: asyncio.Task[None] | None = None

    def find(self, caller: Caller) -> tuple[str, int]:
        """The group to join and the number to begin with. Raises BatonError when the viewer may not."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept a viewer who may watch."""
        found = await self._look()
        if found is None:
            await self.close(_NOT_ALLOWED)
            return
        self.group, seq = found
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self._tell(seq)
        # What happened between the look and the joining of the group would otherwise be told by nobody.
        again = await self._look()
        if again is not None and again[1] != seq:
            await self._tell(again[1])
        self.review = asyncio.create_task(self._review())

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.review is not None:
            self.review.cancel()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is decided over a socket: what a browser sends is not read."""

    async def run_changed(self, message: dict[str, Any]) -> None:
        """A run of the group has news."""
        await self._tell(message["seq"], message["run"])

    async def _tell(self, seq: int, run: str | None = None) -> None:
        await self.send(json.dumps({"seq": seq, "run": run} if run else {"seq": seq}))

    async def _review(self) -> None:
        while True:
            await asyncio.sleep(_REVIEW)
            if await self._look() is None:
                await self.close(_NOT_ALLOWED)
                return

    async def _look(self) -> tuple[str, int] | None:
        found: tuple[str, int] | None = await database_sync_to_async(self._look_now)()
        return found

    def _look_now(self) -> tuple[str, int] | None:
        """Whether the session still stands and its user may still watch."""
        user = self.scope.get("user")
        session = self.scope.get("session")
        if session is not None and session.session_key and not session.exists(session.session_key):
            return None
        if not isinstance(user, User):
            user = _unwrapped(session)
        if user is None or not user.is_authenticated or not User.objects.filter(pk=user.pk, is_active=True).exists():
            return None
        try:
            return self.find(Caller(user))
        except BatonError:
            return None


def _unwrapped(session: Any) -> User | None:
    """Channels hands the user over as a lazy object; its session says who it is."""
    if session is None:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) else None


class RunConsumer(_Watcher):
    """Watches one run."""

    def find(self, caller: Caller) -> tuple[str, int]:
        """The run's group and its last event."""
        run = run_for(caller, self.scope["url_route"]["kwargs"]["run_id"])
        return run_group(run.pk), run.seq


class ProjectConsumer(_Watcher):
    """Watches the runs of one project."""

    def find(self, caller: Caller) -> tuple[str, int]:
        """The project's group."""
        project = project_for(caller, self.scope["url_route"]["kwargs"]["slug"])
        return project_group(project.pk), 0
