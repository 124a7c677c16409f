"""The keys of this installation and the place of its Redis socket, both found through the data folder."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from config.env import Env, WrongSetting

_SOCKET_LIMIT = 100  # bytes; the kernel allows about 107


@dataclass(frozen=True, slots=True)
class Keys:
    """`secret_key` signs sessions, `field_keys` (first encrypts) protect stored secrets."""

    secret_key: str
    field_keys: list[str]


def load(data: Path, env: Env) -> Keys:
    """The keys from the environment, or those that were made into the data folder. Production makes none."""
    if env.baton_env == "production" and not (env.secret_key and env.field_keys):
        missing = "SECRET_KEY" if not env.secret_key else "FIELD_KEYS"
        raise WrongSetting(f"{missing}: has to be set in production")
    secret = env.secret_key or _kept(data / "secret_key", lambda: secrets.token_urlsafe(50))
    fields = env.field_keys or _kept(data / "field_keys", lambda: Fernet.generate_key().decode())
    keys = [key.strip() for key in fields.split(",") if key.strip()]
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise WrongSetting(f"FIELD_KEYS: key {number} is not 32 bytes in URL-safe base64") from None
    return Keys(secret, keys)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """A value made once and kept, readable by its owner only. Two processes that start at once keep the same one."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise WrongSetting(f"BATON_DATA: cannot read {path}: {error.strerror}") from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
        with fresh:
            fresh.write(make())
        with suppress(FileExistsError):  # another process was first; its value stands
            os.link(fresh.name, path)
        os.unlink(fresh.name)
    except OSError as error:
        raise WrongSetting(f"BATON_DATA: cannot write to {path.parent}: {error.strerror}") from None
    return path.read_text().strip()


def socket_path(data: Path) -> Path:
    """Where the embedded Redis of a data folder listens: in it, or in the temporary folder if its path is too long."""
    inside = data / "redis" / "redis.sock"
    if len(os.fsencode(inside)) <= _SOCKET_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"baton-{os.getuid()}-{digest}" / "redis.sock"
