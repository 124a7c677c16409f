"""The socket of a list of runs: told now and then that something in its project has moved."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from projects.access import Caller, project_for
from projects.watching import Watcher
from runs.fanout import project_group

_GATHER = 0.4  # seconds that changes are gathered: a busy project moves many times a second
_LOOK_AGAIN = json.dumps({"refresh": True})


class ListConsumer(Watcher):
    """Watches the runs of one project, for a page that shows many of them."""

    gathering: asyncio.Task[None] | None = None

    def find(self, caller: Caller) -> tuple[frozenset[str], int]:
        """The project's group."""
        project = project_for(caller, self.scope["url_route"]["kwargs"]["slug"])
        return frozenset({project_group(project.pk)}), 0

    async def disconnect(self, code: int) -> None:
        """Forget what was gathered."""
        if self.gathering is not None:
            self.gathering.cancel()
        await super().disconnect(code)

    async def runs_changed(self, message: dict[str, Any]) -> None:
        """Some run has news: a little later the page is told to look, once for all that came meanwhile."""
        if self.gathering is None or self.gathering.done():
            self.gathering = asyncio.create_task(self._tell_soon())

    async def _tell_soon(self) -> None:
        await asyncio.sleep(_GATHER)
        if await self.may_still_watch():
            await self.send(_LOOK_AGAIN)
