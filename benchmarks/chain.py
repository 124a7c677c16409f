"""The chain: the five steps of a W as a plain Celery chain, nothing durable, on the Redis that Baton uses itself."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery, chain, shared_task
from redis import Redis

from projects.stack.children import Child, end_all
from tests.plugin import ROOT

_DATABASE = 1  # of the Redis server; Baton uses 0
_DONE = "bench.done"
_VARIABLE = "BENCH_CHAIN_REDIS"
_PROCESSES = 2
_PATIENCE = 60
_STEPS = ("one", "two", "inner one", "inner two", "three")

app = Celery("benchmarks.chain", fixups=[])
app.conf.update(
    broker_url=f"redis+socket://{os.environ.get(_VARIABLE, '')}?virtual_host={_DATABASE}",
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    task_default_queue="bench",
)
_redis: Redis | None = None


@shared_task(name="bench.step", ignore_result=True)
def step(values: dict[str, Any], name: str) -> dict[str, Any]:
    """One step: share a small object, and hand on what was shared before."""
    return {**values, name: 1}


@shared_task(name="bench.end", ignore_result=True)
def end(values: dict[str, Any], name: str) -> None:
    """The last step, and the word that the chain has ended."""
    global _redis
    if _redis is None:
        _redis = Redis(unix_socket_path=os.environ[_VARIABLE], db=_DATABASE)
    _redis.lpush(_DONE, str(len({**values, name: 1})))


class Chain:
    """A running worker of the chain."""

    def __init__(self, socket: Path) -> None:
        self._redis = Redis(unix_socket_path=str(socket), db=_DATABASE)

    def latency(self, count: int) -> list[float]:
        """Milliseconds of chains one after the other."""
        taken = []
        for _ in range(count):
            started = time.perf_counter()
            _send()
            self._hear()
            taken.append((time.perf_counter() - started) * 1000)
        return taken

    def throughput(self, count: int) -> float:
        """Chains per second of many sent at once."""
        started = time.perf_counter()
        for _ in range(count):
            _send()
        for _ in range(count):
            self._hear()
        return count / (time.perf_counter() - started)

    def _hear(self) -> None:
        if self._redis.brpop([_DONE], timeout=_PATIENCE) is None:
            raise RuntimeError("the plain Celery chain did not end")


def _send() -> None:
    first = step.s({}, _STEPS[0])
    chain(first, *(step.s(name) for name in _STEPS[1:-1]), end.s(_STEPS[-1])).apply_async()


@contextmanager
def running(socket: Path) -> Iterator[Chain]:
    """Start a prefork worker for the chain, as Celery starts by default, and stop it at the end."""
    os.environ[_VARIABLE] = str(socket)
    app.conf.update(broker_url=f"redis+socket://{socket}?virtual_host={_DATABASE}")
    app.set_current()
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.chain"]
    worker = Child("chain", command, {**os.environ, "PYTHONPATH": str(ROOT), "C_FORCE_ROOT": "true"})
    worker.start()
    try:
        one = Chain(socket)
        one.latency(10)
        yield one
    finally:
        end_all([worker], 10)


if __name__ == "__main__":
    app.Worker(
        pool_cls="prefork",
        concurrency=_PROCESSES,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()
