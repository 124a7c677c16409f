"""The socket of a workflow's pages: hints of edits, and who else is there."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any
from uuid import uuid4

import structlog
from django.contrib.auth.models import User
from redis.exceptions import RedisError

from builder.errors import NoSuchPart
from builder.models import Edit
from builder.presence import STAYS, Tab, initials_of, leave, people, shown_name, stay, tabs
from builder.queries import workflow_by_id
from builder.rings import GONE, workflow_group
from projects.access import Caller, Role, role_of
from projects.watching import Watcher

log = structlog.get_logger(__name__)

TOO_MUCH = 4429  # the code with which a socket is closed whose browser does not stop sending
_BEAT = STAYS / 3  # seconds between saying that this page is still open
_GATHER = 0.1  # seconds that comings and goings are gathered before they are told
_BURST = 20  # frames that a browser may send at once
_RATE = 2.0  # frames a second that it may send in the long run
_FRAME = 200  # characters of a frame
_ID = re.compile(r"[1-9][0-9]{0,17}")
_PLACE = re.compile(r"(?:[a-z]{1,20}:[1-9][0-9]{0,17})?")


class Allowance:
    """How many frames a browser may still send."""

    def __init__(self) -> None:
        self._left, self._at = float(_BURST), time.monotonic()

    def take(self) -> bool:
        """Count one; False when there were too many."""
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _RATE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def place_in(text: str | None) -> str | None:
    """Where a browser says that its drawer is: "stage:12", or empty; None where the frame says nothing of the kind."""
    if text is None or len(text) > _FRAME:
        return None
    try:
        frame = json.loads(text)
    except ValueError:
        return None
    if not isinstance(frame, dict) or set(frame) != {"at"} or not isinstance(frame["at"], str):
        return None
    return frame["at"] if _PLACE.fullmatch(frame["at"]) else None


class WorkflowConsumer(Watcher):
    """Watches one workflow. What a browser sends is where its drawer is: others see it, nothing is decided by it."""

    told = -1
    user: User
    may_edit = False
    at = ""
    since = 0.0
    page = ""  # names this socket among the open pages; empty before it counts as one
    shown: list[dict[str, Any]] | None = None
    beat: asyncio.Task[None] | None = None
    gathering: asyncio.Task[None] | None = None
    refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowance = Allowance()

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The workflow's group, and the number of its newest edit."""
        if not _ID.fullmatch(self._asked):
            raise NoSuchPart("workflow")
        workflow = workflow_by_id(caller, int(self._asked))
        role = role_of(caller, workflow.project)
        self.user, self.may_edit = caller.user, role is not None and role.includes(Role.EDITOR)
        newest = Edit.objects.filter(workflow=workflow).order_by("-number").values_list("number", flat=True).first()
        return frozenset({workflow_group(workflow.pk)}), newest or 0

    async def connect(self) -> None:
        """Accept a viewer who may watch, and show them to the others."""
        await super().connect()
        if self.review is None:
            return
        self.page = uuid4().hex
        self.since = time.time()
        await self._say_here()
        self.beat = asyncio.create_task(self._stay())

    async def disconnect(self, code: int) -> None:
        """Leave, and let the others see it."""
        for task in (self.beat, self.gathering):
            if task is not None:
                task.cancel()
        if self.page:
            try:
                await leave(int(self._asked), self.page)
                await self._tell_others()
            except (RedisError, OSError) as error:
                log.warning("an open page could not be taken back", error=str(error))
        await super().disconnect(code)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The page says what its drawer is on."""
        if self.refused:
            return
        if not self.allowance.take():
            self.refused = True  # what it had sent before it was told is still to come
            await self.close(TOO_MUCH)
            return
        at = place_in(text_data)
        if at is None or not await self.may_still_watch():
            return
        if at == self.at:  # the page has just begun to listen
            self.shown = None
            await self.people_changed({})
            return
        self.at, self.since = at, time.time()
        await self._say_here()

    async def workflow_edited(self, message: dict[str, Any]) -> None:
        """The workflow was edited, or deleted: then nobody may watch any more."""
        if message["seq"] == GONE:
            self.looked_at = float("-inf")
        if await self.may_still_watch():
            await self.tell(message["seq"])

    async def people_changed(self, message: dict[str, Any]) -> None:
        """Somebody came, went, or opened another drawer: a little later the page is told."""
        if self.gathering is None or self.gathering.done():
            self.gathering = asyncio.create_task(self._show_people(_GATHER))

    async def tell(self, seq: int, **more: Any) -> None:
        """Say it once: hints of several processes may overtake each other."""
        if seq > self.told:
            self.told = seq
            await super().tell(seq, **more)

    async def _stay(self) -> None:
        """Be counted as open, and see who is not any more."""
        while True:
            await asyncio.sleep(_BEAT)
            try:
                await stay(int(self._asked), self.page, self._tab())
            except (RedisError, OSError) as error:
                log.warning("an open page could not be shown to others", error=str(error))
                continue
            await self._show_people()

    async def _say_here(self) -> None:
        try:
            await stay(int(self._asked), self.page, self._tab())
            await self._tell_others()
        except (RedisError, OSError) as error:
            log.warning("an open page could not be shown to others", error=str(error))

    async def _tell_others(self) -> None:
        await self.channel_layer.group_send(workflow_group(int(self._asked)), {"type": "people.changed"})

    async def _show_people(self, after: float = 0) -> None:
        await asyncio.sleep(after)
        try:
            here = people(await tabs(int(self._asked)), self.user.pk)
        except (RedisError, OSError) as error:
            log.warning("who is there could not be read", error=str(error))
            return
        if here != self.shown and await self.may_still_watch():
            self.shown = here
            await self.send(json.dumps({"people": here}))

    def _tab(self) -> Tab:
        name = shown_name(self.user)
        at = self.at if self.may_edit else ""  # who only reads edits nothing
        return Tab(user=self.user.pk, name=name, initials=initials_of(name), at=at, since=self.since)

    @property
    def _asked(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["workflow_id"])
