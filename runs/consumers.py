"""Sockets: they say "now at event N" and nothing else. Reading happens over HTTP, with the reader's rights."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest

from projects.access import Caller, project_for, visible_projects
from projects.errors import BatonError
from runs.engine.status import CallStatus
from runs.fanout import project_group, run_group
from runs.pages.gates import open_ids
from runs.queries import run_for

_REVIEW = 30.0  # seconds between looks whether the viewer still may watch
_FRESH = 1.0  # seconds for which a look is good enough to tell of an event
_GATHER = 0.2  # seconds that changes are gathered before the inbox is looked at
_NOT_ALLOWED = 4403
_LOOK_AGAIN = json.dumps({"refresh": True})


class _Watcher(AsyncWebsocketConsumer):  # type: ignore[misc] # channels ships no types
    """A socket of one signed-in viewer in some groups; closed when the right to watch is taken away."""

    groups: frozenset[str] = frozenset()
    review: asyncio.Task[None] | None = None
    looked_at = 0.0

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups to join and the number to begin with. Raises BatonError when the viewer may not."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept a viewer who may watch."""
        found = await self._look()
        if found is None:
            await self.close(_NOT_ALLOWED)
            return
        groups, seq = found
        await self._join(groups)
        await self.accept()
        await self._tell(seq)
        # What happened between the look and the joining of the group would otherwise be told by nobody.
        again = await self._look()
        if again is not None and again != found:
            await self._join(again[0])
            await self._tell(again[1])
        self.review = asyncio.create_task(self._review())

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        if self.review is not None:
            self.review.cancel()
        await self._join(frozenset())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is decided over a socket: what a browser sends is not read."""

    async def run_changed(self, message: dict[str, Any]) -> None:
        """A run of the group has news."""
        if await self._may_still_watch():
            await self._tell(message["seq"], message["run"])

    async def _may_still_watch(self) -> bool:
        """Whoever has lost the right to watch is told of nothing more, and loses the socket."""
        stale = asyncio.get_running_loop().time() - self.looked_at > _FRESH
        if stale and await self._look() is None:
            await self.close(_NOT_ALLOWED)
            return False
        return True

    async def _join(self, groups: frozenset[str]) -> None:
        """Be in these groups and in no other."""
        for group in groups - self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.groups - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.groups = groups

    async def _tell(self, seq: int, run: str | None = None) -> None:
        await self.send(json.dumps({"seq": seq, "run": run} if run else {"seq": seq}))

    async def _review(self) -> None:
        while True:
            await asyncio.sleep(_REVIEW)
            found = await self._look()
            if found is None:
                await self.close(_NOT_ALLOWED)
                return
            await self._join(found[0])

    async def _look(self) -> tuple[frozenset[str], int] | None:
        self.looked_at = asyncio.get_running_loop().time()
        found: tuple[frozenset[str], int] | None = await database_sync_to_async(self._look_now)()
        return found

    def _look_now(self) -> tuple[frozenset[str], int] | None:
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
    """Watches one run, and the runs that it waits for: their state is shown on its page."""

    told = 0

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups of the run and of those it waits for, and the run's last event."""
        run = run_for(caller, self._run_id)
        children = run.calls.filter(status=CallStatus.WAITING.value, child__isnull=False).values_list(
            "child", flat=True
        )
        return frozenset(map(run_group, [run.pk, *children])), run.seq

    async def run_changed(self, message: dict[str, Any]) -> None:
        """The run has news, or one that it waits for has: then the page only looks again."""
        if not await self._may_still_watch():
            return
        if message["run"] != self._run_id:
            await self.send(_LOOK_AGAIN)
            return
        await self._tell(message["seq"], message["run"])
        found = await self._look()
        if found is None:
            await self.close(_NOT_ALLOWED)
            return
        if found[0] == self.groups:
            return
        await self._join(found[0])
        await self.send(_LOOK_AGAIN)  # a child may have moved on before its group was joined

    async def _tell(self, seq: int, run: str | None = None) -> None:
        if seq > self.told:  # hints of several processes may overtake each other
            self.told = seq
            await super()._tell(seq, run)

    @property
    def _run_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["run_id"])


class ProjectConsumer(_Watcher):
    """Watches the runs of one project."""

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The project's group."""
        project = project_for(caller, self.scope["url_route"]["kwargs"]["slug"])
        return frozenset({project_group(project.pk)}), 0


class InboxConsumer(_Watcher):
    """Watches what waits for one person, in all of their projects."""

    waiting: frozenset[UUID] = frozenset()
    gathering: asyncio.Task[None] | None = None

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups of the viewer's projects."""
        self.waiting = open_ids(caller)
        return frozenset(project_group(key) for key in visible_projects(caller).values_list("pk", flat=True)), 0

    async def disconnect(self, code: int) -> None:
        """Forget what was gathered."""
        if self.gathering is not None:
            self.gathering.cancel()
        await super().disconnect(code)

    async def run_changed(self, message: dict[str, Any]) -> None:
        """Some run has news: a little later the page is told, if another gate waits than before."""
        if self.gathering is None or self.gathering.done():
            self.gathering = asyncio.create_task(self._compare())

    async def _compare(self) -> None:
        await asyncio.sleep(_GATHER)
        before = self.waiting
        if await self._look() is not None and self.waiting != before:
            await self.send(json.dumps({"refresh": True, "approvals": len(self.waiting)}))
