"""The base of sockets: they say "now at event N" and nothing else. Reading is done over HTTP, with all its checks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from projects.access import Caller
from projects.errors import BatonError

NOT_ALLOWED = 4403  # the code with which a socket is closed whose viewer may not watch
LARGEST = 262_144  # bytes of a frame; the web process refuses larger ones, in both directions
_REVIEW = 30.0  # seconds between looks whether the viewer still may watch
_FRESH = 1.0  # seconds for which a look is good enough to tell of an event


class Watcher(AsyncWebsocketConsumer):  # type: ignore[misc] # channels ships no types
    """A socket of one signed-in viewer in some groups; closed when the right to watch is taken away."""

    groups: frozenset[str] = frozenset()
    review: asyncio.Task[None] | None = None
    looked_at = 0.0
    user_id = 0  # of whoever was found to be signed in

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups to join and the number to begin with. Raises BatonError when the viewer may not."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept a viewer who may watch."""
        found = await self.look()
        if found is None:
            await self.close(NOT_ALLOWED)
            return
        groups, seq = found
        await self.join(groups)
        await self.accept()
        await self.tell(seq)
        await self.settle(found)
        self.review = asyncio.create_task(self._review())

    async def settle(self, found: tuple[frozenset[str], int]) -> None:
        """Look again: what happened between the look and the joining of the group would be told by nobody."""
        again = await self.look()
        if again is not None and again != found:
            await self.join(again[0])
            await self.tell(again[1])

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        if self.review is not None:
            self.review.cancel()
        await self.join(frozenset())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is decided over a socket: what a browser sends is not read."""

    async def may_still_watch(self) -> bool:
        """Whoever has lost the right to watch is told of nothing more, and loses the socket."""
        stale = asyncio.get_running_loop().time() - self.looked_at > _FRESH
        if stale and await self.look() is None:
            await self.close(NOT_ALLOWED)
            return False
        return True

    async def join(self, groups: frozenset[str]) -> None:
        """Be in these groups and in no other."""
        for group in groups - self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.groups - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.groups = groups

    async def tell(self, seq: int, **more: Any) -> None:
        """Say how far the truth is."""
        await self.send(json.dumps({"seq": seq, **more}))

    async def look(self) -> tuple[frozenset[str], int] | None:
        """What `find` finds now; None when the session has ended or its user may not watch (any more)."""
        self.looked_at = asyncio.get_running_loop().time()
        found: tuple[frozenset[str], int] | None = await database_sync_to_async(self._look_now)()
        return found

    async def _review(self) -> None:
        while True:
            await asyncio.sleep(_REVIEW)
            found = await self.look()
            if found is None:
                await self.close(NOT_ALLOWED)
                return
            await self.join(found[0])

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
        self.user_id = user.pk
        try:
            return self.find(Caller(user))
        except BatonError:
            return None

    @property
    def session_key(self) -> str:
        """The key of the session that the socket stands on; empty where there is none."""
        session = self.scope.get("session")
        return str(session.session_key or "") if session is not None else ""


def standing(watchers: Iterable[Watcher]) -> dict[Watcher, int]:
    """Those of the watchers whose session still stands and whose user may still sign in, with the id of that user;
    two queries for any number of them."""
    asked = {one: one.session_key for one in watchers}
    sessions = set(Session.objects.filter(session_key__in=asked.values()).values_list("session_key", flat=True))
    users = {one.user_id for one in asked}
    active = set(User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True))
    return {one: one.user_id for one, key in asked.items() if (not key or key in sessions) and one.user_id in active}


def _unwrapped(session: Any) -> User | None:
    """Channels hands the user over as a lazy object; its session says who it is."""
    if session is None:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) else None
