"""The sockets of runs. What all sockets share is in projects/watching.py."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from projects.access import Caller, project_for, visible_projects
from projects.watching import NOT_ALLOWED, Watcher
from runs.engine.status import CallStatus
from runs.fanout import project_group, run_group
from runs.pages.inbox import waiting
from runs.queries import run_for

_GATHER = 0.2  # seconds that changes are gathered before the inbox is looked at
_LOOK_AGAIN = json.dumps({"refresh": True})


class _RunWatcher(Watcher):
    """Watches runs: each hint names its run."""

    async def run_changed(self, message: dict[str, Any]) -> None:
        """A run of the group has news."""
        if await self.may_still_watch():
            await self.tell(message["seq"], run=message["run"])


class RunConsumer(_RunWatcher):
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
        if not await self.may_still_watch():
            return
        if message["run"] != self._run_id:
            await self.send(_LOOK_AGAIN)
            return
        await self.tell(message["seq"], run=message["run"])
        found = await self.look()
        if found is None:
            await self.close(NOT_ALLOWED)
            return
        if found[0] == self.groups:
            return
        await self.join(found[0])
        await self.send(_LOOK_AGAIN)  # a child may have moved on before its group was joined

    async def tell(self, seq: int, **more: Any) -> None:
        """Say it once: hints of several processes may overtake each other."""
        if seq > self.told:
            self.told = seq
            await super().tell(seq, **more)

    @property
    def _run_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["run_id"])


class ProjectConsumer(_RunWatcher):
    """Watches the runs of one project."""

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The project's group."""
        project = project_for(caller, self.scope["url_route"]["kwargs"]["slug"])
        return frozenset({project_group(project.pk)}), 0


class InboxConsumer(_RunWatcher):
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

    async def run_changed(self, message: dict[str, Any]) -> None:
        """Some run asks people, or got an answer: a little later the page is told, if that is news to the viewer."""
        if message.get("gates") and (self.gathering is None or self.gathering.done()):
            self.gathering = asyncio.create_task(self._compare())

    async def _compare(self) -> None:
        await asyncio.sleep(_GATHER)
        before = self.waiting
        if await self.look() is not None and self.waiting != before:
            await self.send(json.dumps({"refresh": True, "approvals": self.mine}))
