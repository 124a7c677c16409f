"""Who watches a run together: shown the same news, each with their own rights, as long as they may."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.utils import timezone

from projects import watching
from projects.models import Member
from runs import audience
from runs.consumers import RunConsumer
from runs.fanout import run_group
from runs.models import Event, WorkflowRun
from tests.web.conftest import Site

Json = Any
NASTY = "<script>alert(1)</script> \x1b[31mred\x1b[0m \x07bell \ufffd end"
PATIENCE = 30.0  # seconds; a busy machine is slow


@pytest.fixture(autouse=True)
def _in_this_process(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets without a server: on a layer in memory, and on the one connection that the test's transaction is on."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


def _user(who: str) -> User:
    return User.objects.get(username=who)


def _happens(site: Site, text: str, stage: str = "", kind: str = "message.received") -> int:
    """Something is written to the log of the run, as a worker commits it; its number."""
    run = WorkflowRun.objects.get(pk=site.run.pk)
    data = {"text": text}
    Event.objects.create(run=run, seq=run.seq + 1, at=timezone.now(), kind=kind, stage=stage, agent="", data=data)
    WorkflowRun.objects.filter(pk=run.pk).update(seq=run.seq + 1)
    return run.seq + 1


async def _rung(site: Site, seq: int, *, gates: bool = False) -> None:
    """Its bell, after the commit."""
    hint = {"type": "run.changed", "run": str(site.run.pk), "seq": seq, "gates": gates}
    await get_channel_layer().group_send(run_group(site.run.pk), hint)


async def _watches(site: Site, who: str, tab: str = "live") -> WebsocketCommunicator:
    """An open page of somebody, told how far the run is."""
    socket = WebsocketCommunicator(RunConsumer.as_asgi(), f"/ws/runs/{site.run.pk}?tab={tab}")
    path = {"kwargs": {"run_id": str(site.run.pk)}}
    socket.scope |= {"user": await sync_to_async(_user)(who), "session": None, "url_route": path}
    connected, _ = await socket.connect(timeout=PATIENCE)
    assert connected
    assert set(await socket.receive_json_from(timeout=PATIENCE)) == {"seq"}
    return socket


def test_a_frame_brings_what_catching_up_would_answer(site: Site) -> None:
    """Rule 12.1: the same fragments, on the socket and over HTTP; safe whatever was written."""

    async def scenario() -> dict[str, Json]:
        sockets = {who: await _watches(site, who) for who in ("viewer", "operator")}
        await _rung(site, await sync_to_async(_happens)(site, NASTY))
        frames = {who: await socket.receive_json_from(timeout=PATIENCE) for who, socket in sockets.items()}
        for socket in sockets.values():
            await socket.disconnect()
        return frames

    before = WorkflowRun.objects.get(pk=site.run.pk).seq
    frames = async_to_sync(scenario)()

    for who, frame in frames.items():
        assert (frame["since"], frame["seq"]) == (before, before + 1)
        asked = site.client(who).get(f"/r/{site.run.pk}/sync?since={before}").content.decode()
        assert _comparable(frame["content"]) == _comparable(asked)
        assert "<script>alert" not in frame["content"]
        assert "\x1b" not in frame["content"]
        assert "approval-count" not in frame["content"]
    assert "/stop" in frames["operator"]["content"]
    assert "/stop" not in frames["viewer"]["content"]


def _comparable(fragments: str) -> str:
    """Without what belongs to one reader: the token of a form, the count of the bell."""
    token = r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>'
    bell = r'<hx-partial hx-target="#approval-count".*?</hx-partial>'
    return re.sub(r"\s+", " ", re.sub(f"{token}|{bell}", "", fragments))


def test_fifty_pages_are_shown_by_one_look(
    site: Site, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    """Issue 4, speed: what is the same for all is read and rendered once."""
    run, members = site.run, []
    for place in range(50):
        member = RunConsumer()
        member.scope = {"session": None}
        member.user_id, member.tab, member.told = _user(("viewer", "operator")[place % 2]).pk, "live", run.seq
        members.append(member)
    _happens(site, "Hello.")

    with django_assert_max_num_queries(40):
        found = audience.look(str(run.pk), members, afresh=False)

    assert len(found.may_control) == 50
    assert len(found.news) == 2


def test_where_the_reader_matters_the_page_asks_by_itself(site: Site) -> None:
    """Rule 7.2: an open gate shows buttons to some; it is never pushed to all."""

    async def scenario() -> list[Json]:
        socket = await _watches(site, "viewer")
        told = []
        for kind in ("gate.voted", "message.received"):
            seq = await sync_to_async(_happens)(site, "At the gate.", site.gate.stage, kind)
            await _rung(site, seq, gates=kind == "gate.voted")
            told.append(await socket.receive_json_from(timeout=PATIENCE))
        await socket.disconnect()
        return told

    moved, beside = async_to_sync(scenario)()
    assert set(moved) == {"seq", "run"}
    assert "#card-2" in beside["content"]
    assert "#gates-2" not in beside["content"]


def test_a_tab_that_is_read_hears_only_that_there_is_more(site: Site) -> None:
    """Rule 12.1, on the tabs that are not redrawn; and a socket without a tab brings numbers alone."""

    async def scenario() -> list[Json]:
        sockets = [await _watches(site, "viewer", "prompts"), await _watches(site, "viewer", "")]
        await _rung(site, await sync_to_async(_happens)(site, "Hello."))
        told = [await socket.receive_json_from(timeout=PATIENCE) for socket in sockets]
        for socket in sockets:
            await socket.disconnect()
        return told

    tab, bare = async_to_sync(scenario)()
    assert "More has happened since" in tab["content"]
    assert "#card-" not in tab["content"]
    assert set(bare) == {"seq", "run"}


def test_nobody_watches_on_without_the_right_even_when_nothing_happens(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 12.4, P21: membership that is taken away while watching closes the socket within 60 s, events or not."""
    assert watching._REVIEW <= 60 / 2
    monkeypatch.setattr(watching, "_REVIEW", 0.05)

    async def scenario() -> Json:
        socket = await _watches(site, "viewer")
        await sync_to_async(Member.objects.filter(user__username="viewer").delete)()
        return await socket.receive_output(timeout=PATIENCE)

    closed = async_to_sync(scenario)()
    assert (closed["type"], closed["code"]) == ("websocket.close", watching.NOT_ALLOWED)
