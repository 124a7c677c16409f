"""Who has a workflow open, and whose drawer is on what. Kept in Redis, where whoever is not refreshed is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth.models import User
from redis.asyncio import Redis

COLOURS = 8  # tokens --person-0 to --person-7
STAYS = 15  # seconds that a page counts as open after it was last heard of
_MOST = 50  # people who are shown
_LONGEST = 60  # characters of a name

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Redis] = WeakKeyDictionary()


@dataclass(frozen=True)
class Tab:
    """One open page: whose it is, what its drawer is on ("stage:12", or empty), and since when (seconds since 1970)."""

    user: int
    name: str
    initials: str
    at: str
    since: float


def shown_name(user: User) -> str:
    """What other people read: the full name, or the user name."""
    return (user.get_full_name().strip() or user.get_username())[:_LONGEST]


def initials_of(name: str) -> str:
    """Two letters at most, of the first and the last word."""
    words = name.split()
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else name[:2]
    return letters.upper()


async def stay(workflow_id: int, page: str, tab: Tab) -> None:
    """Say that this page is open; it has to be said again before STAYS seconds are over. Raises RedisError."""
    async with _redis().pipeline() as pipe:
        pipe.set(_page_key(workflow_id, page), json.dumps(asdict(tab)), ex=STAYS)
        pipe.sadd(_key(workflow_id), page)
        pipe.expire(_key(workflow_id), 4 * STAYS)
        await pipe.execute()


async def leave(workflow_id: int, page: str) -> None:
    """Say that this page is closed. Raises RedisError."""
    async with _redis().pipeline() as pipe:
        pipe.delete(_page_key(workflow_id, page))
        pipe.srem(_key(workflow_id), page)
        await pipe.execute()


async def tabs(workflow_id: int) -> list[Tab]:
    """The pages that are open now. Raises RedisError."""
    redis = _redis()
    pages = sorted(str(page) for page in await redis.smembers(_key(workflow_id)))
    if not pages:
        return []
    found = await redis.mget([_page_key(workflow_id, page) for page in pages])
    gone = [page for page, text in zip(pages, found, strict=True) if text is None]
    if gone:  # their process was killed, or lost Redis for too long
        await redis.srem(_key(workflow_id), *gone)
    return [Tab(**json.loads(text)) for text in found if text is not None]


def people(open_tabs: Iterable[Tab], viewer: int) -> list[dict[str, Any]]:
    """Each person once, as the page shows them: where their newest open drawer is. `viewer` is marked with `you`."""
    by_user: dict[int, Tab] = {}
    for tab in sorted(open_tabs, key=lambda tab: (bool(tab.at), tab.since)):
        by_user[tab.user] = tab  # the last one stands: an open drawer before none, a newer before an older
    shown = sorted(by_user.values(), key=lambda tab: (tab.name.casefold(), tab.user))[:_MOST]
    return [
        {
            "name": tab.name,
            "initials": tab.initials,
            "color": tab.user % COLOURS,
            "at": tab.at,
            "you": tab.user == viewer,
        }
        for tab in shown
    ]


def _key(workflow_id: int) -> str:
    return f"baton.presence:{workflow_id}"


def _page_key(workflow_id: int, page: str) -> str:
    return f"baton.presence:{workflow_id}:{page}"


def _redis() -> Redis:
    """A client belongs to the event loop that it was made on."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2)
    return _clients[loop]
