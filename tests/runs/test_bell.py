"""The doorbell: what is put into the queue, and what happens where there is none."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.conf import settings
from redis import Redis

from runs import bell

Json = Any


@pytest.fixture
def redis() -> Iterator[Redis]:
    """The Redis of the tests, with an empty queue."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(settings.CELERY_QUEUE)
        yield client
        client.delete(settings.CELERY_QUEUE)


def _taken(redis: Redis) -> Json:
    """The message that a worker would take next, its body unpacked."""
    message = json.loads(redis.rpop(settings.CELERY_QUEUE))  # type: ignore[arg-type]
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return message


def _ids(message: Json) -> tuple[set[str], str]:
    """Takes the ids out of a message: those of the task, and the tag under which it is acknowledged."""
    headers, properties = message["headers"], message["properties"]
    return {headers.pop("id"), headers.pop("root_id"), properties.pop("correlation_id")}, properties.pop("delivery_tag")


def test_a_ring_is_the_message_that_celery_itself_sends(redis: Redis) -> None:
    """Rule 11.1: the worker takes it as any other task; nothing but its ids is its own."""
    run = uuid4()
    current_app.send_task(bell.ADVANCE, kwargs={"run_id": str(run)}, retry=False)
    bell.ring([run])

    sent, rung = _taken(redis), _taken(redis)
    tasks, tag = _ids(rung)
    assert len(tasks) == 1
    assert not ({*tasks, tag} & {*_ids(sent)[0]})
    assert rung == sent
    assert rung["body"][1] == {"run_id": str(run)}
    assert redis.llen(settings.CELERY_QUEUE) == 0


def test_each_ring_has_ids_of_its_own_and_they_keep_their_order(redis: Redis) -> None:
    """Rule 11.1: a run given twice is rung for twice, and no message is taken for another."""
    runs = [UUID(int=5), UUID(int=6), UUID(int=5)]
    bell.ring(runs)

    messages = [_taken(redis) for _ in runs]
    assert [message["body"][1]["run_id"] for message in messages] == [str(run) for run in runs]
    assert len({message["headers"]["id"] for message in messages}) == 3
    assert len({message["properties"]["delivery_tag"] for message in messages}) == 3
    bell.ring([])
    assert redis.llen(settings.CELERY_QUEUE) == 0


def test_a_connection_that_was_cut_is_made_anew(redis: Redis) -> None:
    """Rule 11.1: a Redis that was away in between is rung again with the next ring."""
    bell.ring([uuid4()])
    redis.client_kill_filter(_type="normal", skipme=True)
    bell.ring([uuid4()])
    assert redis.llen(settings.CELERY_QUEUE) == 2
