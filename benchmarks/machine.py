"""What the figures were measured on, and where a commit can be durable."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
from pathlib import Path

import psycopg

from tests.plugin import ROOT

_MEMORY_ONLY = {"tmpfs", "ramfs"}


def filesystem(folder: Path) -> str:
    """The type of the file system that holds a folder, or "unknown"."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    holding = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(holding)[1] if holding else "unknown"


def durable_folder() -> Path:
    """A folder for databases: the temporary one, unless it is kept in memory."""
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), ROOT / "var"]  # noqa: S108 - only folders made below it are used
    return next((place for place in places if place.exists() and filesystem(place) not in _MEMORY_ONLY), places[-1])


def describe(postgres_url: str | None) -> str:
    """The machine and the versions in one line."""
    parts = [
        f"{os.cpu_count()} cores",
        f"{_memory():.0f} GB of memory",
        f"databases on {filesystem(durable_folder())}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL)",
    ]
    if postgres_url:
        with psycopg.connect(postgres_url) as server:
            version = str(server.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]
            parts.append(f"PostgreSQL {version.split()[0]} (synchronous_commit=on, fsync=on)")
    return ", ".join(parts)


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
