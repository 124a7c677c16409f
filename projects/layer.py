"""The channel layer: Channels' own on Redis, which can also tell many groups with one question to Redis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from channels.layers import BaseChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

Message = dict[str, Any]


class PipelinedLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """A worker tells of dozens of changes at once; awaiting an answer for each would cost more than the changes."""

    async def group_send_many(self, messages: Sequence[tuple[str, Message]]) -> None:
        """Send each message to its group, in this order. Raises RedisError or OSError when Redis does not answer."""
        here = self._get_layer()
        by_shard: dict[Any, list[tuple[str, bytes]]] = defaultdict(list)
        for group, message in messages:
            channel = here._get_group_channel_name(group)
            by_shard[here._get_shard(channel)].append((channel, self.serialize(message)))
        for shard, sent in by_shard.items():
            async with shard._lock:
                shard._ensure_redis()
                pipe = shard._redis.pipeline(transaction=False)
                for channel, data in sent:
                    pipe.publish(channel, data)
                await pipe.execute()


async def send_many(layer: BaseChannelLayer | Any, messages: Sequence[tuple[str, Message]]) -> None:
    """Tell groups, at once where the layer knows how."""
    if isinstance(layer, PipelinedLayer):
        await layer.group_send_many(messages)
        return
    for group, message in messages:
        await layer.group_send(group, message)
