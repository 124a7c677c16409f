"""The rate limit of the REST API. Off unless RATE_LIMIT_API is set."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import BaseThrottle
from redis import Redis
from redis.exceptions import RedisError

from config.env import parse_rate


class ApiRate(BaseThrottle):
    """Counts the calls of a token or user in fixed windows, in Redis. Where Redis does not answer, all may pass."""

    def __init__(self) -> None:
        self._redis: Redis | None = None

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether the caller has calls left in this window."""
        rate = parse_rate(settings.BATON.rate_limit_api)
        if rate is None:
            return True
        caller = request.auth  # type: ignore[attr-defined]
        who = f"token:{caller.token.pk}" if caller.token else f"user:{caller.user.pk}"
        window = int(time.time() // rate.seconds)
        return self._count(f"baton.rate:{who}:{window}", rate.seconds) <= rate.calls

    def wait(self) -> float:
        """Seconds until the next window."""
        rate = parse_rate(settings.BATON.rate_limit_api)
        return 1 if rate is None else rate.seconds - time.time() % rate.seconds

    def _count(self, key: str, seconds: int) -> int:
        try:
            if self._redis is None:
                self._redis = Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)
            with self._redis.pipeline() as pipe:
                pipe.incr(key)
                pipe.expire(key, seconds + 1)
                return int(pipe.execute()[0])
        except RedisError:
            return 0
