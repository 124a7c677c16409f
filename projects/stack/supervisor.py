"""One supervisor over Redis, worker, scheduler and web: starts them, starts again what dies, stops them together."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import redis
from redis.exceptions import RedisError

from projects.stack import redis as embedded
from projects.stack.children import Child, end_all

_TICK = 0.1
_START_PATIENCE = 180.0  # seconds; a machine that has much to do is slow, and what dies is started again anyway
_STOP_PATIENCE = 8.0


class CannotStart(Exception):
    """Something that a person has to set right first; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start, and where."""

    data: Path
    manage: Path
    port: int
    workers: int
    threads: int
    redis_socket: Path | None  # None: REDIS_URL names a server that is not ours
    redis_url: str


class Supervisor:
    """Runs a plan until it is told to stop.

    `prepare` is called when Redis answers, before the others start; `ready` when web answers.
    """

    def __init__(self, plan: Plan, prepare: Callable[[], None], ready: Callable[[], None]) -> None:
        self._plan = plan
        self._prepare = prepare
        self._ready = ready
        self._stopping = False
        self._redis: Child | None = None
        self._children: list[Child] = []
        # Below make, its end is ours; a shell that started us in the background may end without that.
        self._parent = os.getppid() if os.environ.get("MAKELEVEL") else None

    def run(self) -> None:
        """Start everything and stay until SIGINT, SIGTERM or the parent's end. Raises CannotStart."""
        lock = self._lock()
        self._check_port()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._start_redis()
            self._prepare()
            self._children = self._commands()
            for child in self._children:
                child.start()
            self._wait_for_web()
            if not self._stopping:
                self._ready()
            self._tend()
        finally:
            end_all(self._children, _STOP_PATIENCE)
            if self._redis is not None:
                end_all([self._redis], _STOP_PATIENCE)
            os.close(lock)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _lock(self) -> int:
        """One supervisor for a data folder."""
        handle = os.open(self._plan.data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(handle, False)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise CannotStart(
                f"Baton is already running on the data folder {self._plan.data}. Stop it first, or set BATON_DATA."
            ) from None
        return handle

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self._plan.port))
            except OSError as error:
                raise CannotStart(
                    f"PORT: {self._plan.port} cannot be used ({error.strerror}). Choose another: PORT=9000 make run"
                ) from None

    def _start_redis(self) -> None:
        place = self._plan.redis_socket
        if place is None:
            self._check_redis()
            return
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if place.parent.stat().st_uid != os.getuid():
            raise CannotStart(f"BATON_DATA: {place.parent} belongs to another user; remove it or take a shorter path")
        place.parent.chmod(0o700)
        folder = self._plan.data / "redis"
        folder.mkdir(exist_ok=True, mode=0o700)
        try:
            command = embedded.command(place, folder)
        except embedded.NoRedis as error:
            raise CannotStart(str(error)) from None
        place.unlink(missing_ok=True)
        self._redis = Child("redis", command, os.environ)
        self._redis.start()
        client = redis.Redis(unix_socket_path=str(place), socket_timeout=1)
        if not self._until(lambda: _answers(client), 60):
            raise CannotStart("The embedded Redis server did not start; redis/redis.log in the data folder says why.")

    def _check_redis(self) -> None:
        try:
            with redis.Redis.from_url(self._plan.redis_url, socket_timeout=5, socket_connect_timeout=5) as client:
                client.ping()
        except RedisError as error:
            raise CannotStart(f"REDIS_URL: the server does not answer ({error})") from None

    def _commands(self) -> list[Child]:
        env = {
            "LOG_LEVEL": "warning",
            **os.environ,
            "PORT": str(self._plan.port),
            "BATON_DATA": str(self._plan.data),
            "BATON_SUPERVISOR": str(os.getpid()),
        }
        start = [sys.executable, str(self._plan.manage)]
        workers = [
            Child(f"worker {number}", [*start, "worker", "--threads", str(self._plan.threads)], env)
            for number in range(1, self._plan.workers + 1)
        ]
        return [
            Child("web", [*start, "web", "--port", str(self._plan.port)], env),
            *workers,
            Child("scheduler", [*start, "scheduler"], env),
        ]

    def _wait_for_web(self) -> None:
        address = f"http://127.0.0.1:{self._plan.port}/healthz"
        if not self._until(lambda: _is_up(address), _START_PATIENCE) and not self._stopping:
            raise CannotStart("The web process did not answer within three minutes; its own words are above.")

    def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stopping:
            if done():
                return True
            self._look_after_children()
            time.sleep(0.05)
        return False

    def _tend(self) -> None:
        while not self._stopping and self._parent in (None, os.getppid()):
            self._look_after_children()
            time.sleep(_TICK)

    def _look_after_children(self) -> None:
        for child in [*([self._redis] if self._redis else []), *self._children]:
            if child.tend() and child.alive():
                print(f"{child.name} ended (exit {child.last_exit}) and was started again", file=sys.stderr, flush=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - loopback, our own process
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
