"""Everybody in this process who watches one run: asked once whether they still may, and shown the same news.

A page that asks by itself costs the server a request, its checks and a rendering; fifty pages cost fifty. Here the news
of a run is rendered once for all who have the same rights and have seen as much, and goes out on their sockets.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.template.loader import render_to_string
from django.utils import timezone

from projects.access import Role, roles_in
from projects.watching import LARGEST, NOT_ALLOWED, Watcher, standing
from runs.engine.status import CallStatus
from runs.fanout import run_group
from runs.light_rows import for_page
from runs.models import WorkflowRun
from runs.pages.run_page import Snapshot, missed, page_of, snapshot

log = structlog.get_logger(__name__)

_PACE = 0.1  # seconds from one showing to the next, at least
_NEWS = timedelta(minutes=1)  # for so long pages show a gate that was closed, or have to take it away
_BROKEN = 1011  # closed because of an error here: the page connects again
_LOOK_AGAIN = json.dumps({"refresh": True})

Kind = tuple[str, int, bool]  # the tab of a page, the newest event that it has seen, whether its reader may control


class Member(Watcher):
    """A socket in an audience."""

    tab = ""  # of its page; empty where no fragments are asked for
    told = 0  # the newest event that it was told of
    came_before = 0  # the showing before which it came


@dataclass(frozen=True, slots=True)
class News:
    """What brings a page to event `seq`: a frame with rendered fragments."""

    seq: int
    frame: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one look has found. Whoever is not in `may_control` may not even watch."""

    seq: int
    groups: frozenset[str]
    may_control: dict[Watcher, bool]
    news: dict[Kind, News]


def groups_of(run: WorkflowRun) -> frozenset[str]:
    """The groups of a run and of those that it waits for: their state is shown on its page."""
    children = run.calls.filter(status=CallStatus.WAITING.value, child__isnull=False).values_list("child", flat=True)
    return frozenset(map(run_group, [run.pk, *children]))


def look(run_id: str, members: Sequence[Member], *, afresh: bool) -> Found:
    """Who of them may watch the run, and its news: with `afresh` also where it has no new event, for a child has
    moved."""
    run = for_page(WorkflowRun.objects.filter(pk=run_id)).first()
    if run is None:
        return Found(0, frozenset(), {}, {})
    users = standing(members)
    roles = roles_in(run.project, users.values())
    may = {one: roles[user] >= Role.OPERATOR for one, user in users.items() if user in roles}
    found = Found(run.seq, groups_of(run), may, {})
    behind = [one for one in members if one in may and one.tab and (afresh or one.told < run.seq)]
    for tab, since in {(one.tab, one.told) for one in behind}:
        rights = {may[one] for one in behind if (one.tab, one.told) == (tab, since)}
        found.news.update(_news(run, tab, since, rights))
    return found


def _news(run: WorkflowRun, tab: str, since: int, rights: Collection[bool]) -> dict[Kind, News]:
    """What pages with this tab at this event are sent, by rights; read once for all of them."""
    if tab == "live":
        seen = snapshot(run, since)
        if not _same_for_all(seen):
            return {}
        contexts = {right: page_of(seen, can_control=right) for right in rights}
    else:
        contexts = {right: missed(run, tab, since, can_control=right) for right in rights}
    made = {(tab, since, right): _rendered(run, since, context) for right, context in contexts.items()}
    return {kind: news for kind, news in made.items() if news is not None}


def _same_for_all(seen: Snapshot) -> bool:
    """Whether the gates on the cards stay as they are: who sees their buttons depends on the reader."""
    moved = any(event.kind.startswith("gate.") for event in seen.events)
    closed = any(gate.closed_at and timezone.now() - gate.closed_at < _NEWS for gate in seen.gates)
    return not (seen.behind or moved or closed)


def _rendered(run: WorkflowRun, since: int, context: dict[str, Any]) -> News | None:
    """None where it is too much for a frame."""
    # Shared: without gates, and without the tokens of forms, which a live page sends with its own.
    content = render_to_string("runs/_sync.html", {**context, "shared": True})
    seq = context["live"]["seq"]
    frame = json.dumps({"seq": seq, "run": str(run.pk), "since": since, "content": content})
    return News(seq, frame) if len(frame) < LARGEST else None


class Audience:
    """The viewers of one run in this process. All of it happens on the event loop, only looking in a thread."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.members: set[Member] = set()
        self._heard: dict[str, tuple[int, int]] = {}  # run -> its newest event, and the showing that covers it
        self._round = 0
        self._awake = self._afresh = False
        self._task: asyncio.Task[None] | None = None

    def enter(self, member: Member) -> None:
        """Somebody comes: what happened since they looked would otherwise be told by nobody."""
        member.came_before = self._round
        self.members.add(member)
        self._wake()

    def leave(self, member: Member) -> None:
        """Somebody goes."""
        self.members.discard(member)

    def hear(self, member: Member, message: dict[str, Any]) -> None:
        """A member was told of a change of the run, or of one that it waits for; so was everybody else."""
        run, seq = message["run"], message["seq"]
        known, covered = self._heard.get(run, (0, 0))
        if known >= seq and covered > member.came_before:
            return
        self._heard[run] = (max(known, seq), self._round + 1)
        self._afresh |= run != self.run_id
        self._wake()

    def _wake(self) -> None:
        self._awake = True
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while self._awake and self.members:
                begun = clock()
                await self._show()
                taken = clock() - begun
                await asyncio.sleep(max(_PACE - taken, taken))  # never more than half of a thread for one run
        finally:
            self._task = None

    async def _show(self) -> None:
        self._round += 1
        self._awake, members = False, list(self.members)
        afresh, self._afresh = self._afresh, False
        try:
            found: Found = await database_sync_to_async(look)(self.run_id, members, afresh=afresh)
        except Exception:
            log.exception("a run could not be shown", run_id=self.run_id)
            await asyncio.gather(*(_give_up(member) for member in members))
            return
        for member in members:
            if member in self.members:
                await self._show_safely(member, found, afresh)
        self._heard = {run: known for run, known in self._heard.items() if run_group(run) in found.groups}

    async def _show_safely(self, member: Member, found: Found, afresh: bool) -> None:
        try:
            await self._show_to(member, found, afresh)
        except Exception:  # one broken socket must not keep the others waiting
            log.exception("a viewer could not be told", run_id=self.run_id)
            await _give_up(member)

    async def _show_to(self, member: Member, found: Found, afresh: bool) -> None:
        if member not in found.may_control:
            await member.close(NOT_ALLOWED)
            return
        news = found.news.get((member.tab, member.told, found.may_control[member]))
        if news is not None:
            member.told = news.seq
            await member.send(news.frame)
        elif found.seq > member.told:
            await member.tell(found.seq, run=self.run_id)
        elif afresh:
            await member.send(_LOOK_AGAIN)
        if found.groups != member.groups:
            await member.join(found.groups)
            self._awake = self._afresh = True  # a child may have moved on before its group was joined


async def _give_up(member: Member) -> None:
    with suppress(Exception):  # it may be closed already
        await member.close(_BROKEN)


_audiences: dict[str, Audience] = {}


def enter(member: Member, run_id: str) -> Audience:
    """The audience of a run, with this member in it."""
    audience = _audiences.setdefault(run_id, Audience(run_id))
    audience.enter(member)
    return audience


def leave(member: Member, audience: Audience) -> None:
    """Out of it; an audience without anybody is forgotten."""
    audience.leave(member)
    if not audience.members and _audiences.get(audience.run_id) is audience:
        del _audiences[audience.run_id]
