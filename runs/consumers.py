"""The sockets of runs. What all sockets share is in projects/watching.py."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from projects.access import Caller, project_for, visible_projects
from projects.watching import Watcher
from runs.audience import Audience, Member, enter, groups_of, leave
from runs.fanout import project_group
from runs.pages.inbox import waiting
from runs.pages.run_page import TABS
from runs.queries import run_for

_GATHER = 0.2  # seconds that changes are gathered before the inbox is looked at
_LOOK_AGAIN = json.dumps({"refresh": True})


class RunConsumer(Member):
    """Watches one run, and the runs that it waits for, together with everybody else who does."""

    audience: Audience | None = None

    async def connect(self) -> None:
        """Accept a viewer who may watch, on the tab that is open."""
        self.tab = _tab_of(self.scope["query_string"])
        await super().connect()

    async def settle(self, found: tuple[frozenset[str], int]) -> None:
        """Take a seat in the audience: it looks again, for all who have come."""
        self.audience = enter(self, self._run_id)

    async def disconnect(self, code: int) -> None:
        """Leave the seat."""
        if self.audience is not None:
            leave(self, self.audience)
        await super().disconnect(code)

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups of the run and of those it waits for, and the run's last event."""
        run = run_for(caller, self._run_id)
        return groups_of(run), run.seq

    async def run_changed(self, message: dict[str, Any]) -> None:
        """The run has news, or one that it waits for has."""
        if self.audience is not None:
            self.audience.hear(self, message)

    async def tell(self, seq: int, **more: Any) -> None:
        """Say it once: hints of several processes may overtake each other."""
        if seq > self.told:
            self.told = seq
            await super().tell(seq, **more)

    @property
    def _run_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["run_id"])


def _tab_of(query: bytes) -> str:
    """The tab that is open on the page; without one the socket brings numbers and no fragments."""
    tab = parse_qs(query.decode("latin-1")).get("tab", [""])[0]
    return tab if tab in TABS else ""


class ProjectConsumer(Watcher):
    """Watches the runs of one project: each hint names its run."""

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The project's group."""
        project = project_for(caller, self.scope["url_route"]["kwargs"]["slug"])
        return frozenset({project_group(project.pk)}), 0

    async def runs_changed(self, message: dict[str, Any]) -> None:
        """Runs of the project have news."""
        if await self.may_still_watch():
            for run, seq in message["runs"]:
                await self.tell(seq, run=run)


class InboxConsumer(Watcher):
    """Watches what waits for one person, in all of their projects."""

    waiting: frozenset[tuple[UUID, int, int]] = frozenset()
    mine = 0
    gathering: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Also say how many wait for the viewer: the page may have been rendered a while ago."""
        await super().connect()
        if self.groups:
            await self.send(json.dumps({"approvals": self.mine}))

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The groups of the viewer's projects."""
        self.waiting, self.mine = waiting(caller)
        return frozenset(project_group(key) for key in visible_projects(caller).values_list("pk", flat=True)), 0

    async def disconnect(self, code: int) -> None:
        """Forget what was gathered."""
        if self.gathering is not None:
            self.gathering.cancel()
        await super().disconnect(code)

    async def runs_changed(self, message: dict[str, Any]) -> None:
        """Some run asks people, or got an answer: a little later the page is told, if that is news to the viewer."""
        if message.get("gates") and (self.gathering is None or self.gathering.done()):
            self.gathering = asyncio.create_task(self._compare())

    async def _compare(self) -> None:
        await asyncio.sleep(_GATHER)
        before = self.waiting
        if await self.look() is not None and self.waiting != before:
            await self.send(json.dumps({"refresh": True, "approvals": self.mine}))
