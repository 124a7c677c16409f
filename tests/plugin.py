"""Loaded before anything else (`-p tests.plugin`): a clean environment, data folder, Redis and database for the tests.

pytest-django reads the settings before it reads any conftest.py, so that what they depend on has to be there by then.
`BATON_TEST_DB=pg` runs the suite on PostgreSQL: one server for all processes of the run, a database for each.
"""

from __future__ import annotations

import atexit
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = "BATON_TEST_SHARED"  # names the folder that all processes of a run share: that of the one begun first
PG_URL = "BATON_TEST_PG_URL"
_PROVIDER = re.compile(r"[A-Z_]+_(API_KEY|BASE_URL|INFERENCE_KEY)$")


def clean_environment() -> dict[str, str]:
    """The environment without any of Baton's own settings: tests must neither use nor harm what a developer has set."""
    from config.env import Env

    settings = {name.upper() for name in Env.model_fields}
    return {name: value for name, value in os.environ.items() if name not in settings and not _PROVIDER.match(name)}


def _prepare() -> None:
    gc.set_threshold(50_000)  # as manage.py does
    kept = clean_environment()
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    # The tests start many processes: none of them is to compile everything again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".venv" / "bytecode"))
    data = Path(tempfile.mkdtemp(prefix="baton-test-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["BATON_DATA"] = str(data)
    os.environ.setdefault(SHARED, str(data))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if os.environ.get("BATON_TEST_DB") == "pg":
        _use_postgres()
    _start_redis(data)


def _use_postgres() -> None:
    """Start PostgreSQL in the process that pytest was started in; its xdist workers find it by the environment."""
    if PG_URL not in os.environ:
        from tests.postgres import Postgres

        server = Postgres()
        atexit.register(server.stop)
        server.start()
        os.environ[PG_URL] = server.url("postgres")
    os.environ["DATABASE_URL"] = os.environ[PG_URL].replace("/postgres?", "/baton?")


def _start_redis(data: Path) -> None:
    from config.keys import socket_path
    from projects.stack.children import die_with_parent
    from projects.stack.redis import command

    socket = socket_path(data.resolve())
    folder = data / "redis"
    for place in (socket.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    dies_with_us = partial(die_with_parent, os.getpid())
    server = subprocess.Popen(command(socket, folder), stdout=subprocess.DEVNULL, preexec_fn=dies_with_us)
    atexit.register(_stop, server, socket)
    deadline = time.monotonic() + 10
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit("The Redis server of the tests did not start.")
        time.sleep(0.005)


def _stop(server: subprocess.Popen[bytes], socket: Path) -> None:
    server.kill()
    server.wait()
    if socket.parent.parent != Path(os.environ["BATON_DATA"]):
        shutil.rmtree(socket.parent, ignore_errors=True)


_prepare()
