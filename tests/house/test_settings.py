"""Settings: a wrong one is named, and each one is documented."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from config.env import Env, WrongSetting, read
from tests.plugin import ROOT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("BATON_ENV", "testing"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "nan"),
        ("SWEEP_SECONDS", "inf"),
        ("SELF_TRIGGER_LIMIT", "-1"),
        ("DATABASE_URL", "mysql://here/db"),
        ("REDIS_URL", "http://here"),
        ("PUBLIC_URL", "baton.example.com"),
        ("PUBLIC_URL", "ftp://baton.example.com"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_stops_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    """Interfaces 8: a wrong value stops the start with its name, in one line, with exit code 2."""
    monkeypatch.setenv(name, value)

    with pytest.raises(WrongSetting) as caught:
        read()

    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.startswith(f"{name}: ")
    assert said.count("\n") == 1


def test_faults_cannot_be_switched_on_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_ENV", "production")
    monkeypatch.setenv("BATON_FAULTS", "1")

    with pytest.raises(WrongSetting):
        read()


def test_each_setting_has_its_row_in_the_documentation() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))

    assert documented == {name.upper() for name in Env.model_fields}


def test_a_production_start_passes_the_deployment_check() -> None:
    """With an https address, Django finds nothing to warn of."""
    made = {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_KEYS": Fernet.generate_key().decode()}
    env = {**os.environ, **made, "BATON_ENV": "production", "PUBLIC_URL": "https://baton.example.com"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
