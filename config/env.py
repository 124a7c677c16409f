"""Every setting that the environment may give, with its default. A wrong value stops the start with its name."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


_RATE = re.compile(r"([1-9]\d{0,8})/([smh])")
_WINDOWS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds."""

    calls: int
    seconds: int


def parse_rate(text: str) -> Rate | None:
    """`600/m` as a Rate; None for an empty text. Raises ValueError."""
    if not text:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("must be NUMBER/s, NUMBER/m or NUMBER/h")
    return Rate(int(found[1]), _WINDOWS[found[2]])


class WrongSetting(SystemExit):
    """A setting has a value that cannot be used; the message names it. Exit code 2."""

    def __init__(self, message: str) -> None:
        print(message, file=sys.stderr)
        super().__init__(2)


class Env(BaseSettings):
    """The environment, read once. Field names in upper case are the variables' names."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", case_sensitive=False)

    baton_env: Literal["development", "staging", "production"] = "development"
    baton_data: Path = ROOT / "var"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    database_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    field_keys: str = ""
    allowed_hosts: str = ""
    public_url: str = ""
    log_format: Literal["json", "text", ""] = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    lease_seconds: Annotated[float, Field(gt=0, le=3600)] = 30
    sweep_seconds: Annotated[float, Field(gt=0, le=60)] = 1
    self_trigger_limit: Annotated[int, Field(ge=0, le=2)] = 1
    openai_api_key: str = ""
    openai_base_url: str = ""
    anthropic_api_key: str = ""
    anthropic_base_url: str = ""
    google_api_key: str = ""
    telegram_bot_token: str = ""
    telegram_webhook_secret: str = ""
    telegram_api_url: str = ""
    email_url: str = ""
    egress_allow: str = ""
    rate_limit_api: str = ""
    otel_exporter_otlp_endpoint: str = ""
    sentry_dsn: str = ""
    baton_faults: bool = False

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("postgres", "postgresql", "sqlite"):
            raise ValueError("must be postgres://… or sqlite:///…")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("must be redis://…, rediss://… or unix:///…")
        return value

    @field_validator("rate_limit_api")
    @classmethod
    def _api_rate(cls, value: str) -> str:
        parse_rate(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be http://HOST or https://HOST")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _faults_stay_out_of_production(self) -> Self:
        if self.baton_faults and self.baton_env == "production":
            raise ValueError("BATON_FAULTS cannot be used in production")
        return self


def read() -> Env:
    """The settings of this process."""
    try:
        return Env()
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc']).upper() or 'Settings'}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise WrongSetting("\n".join(problems)) from None
