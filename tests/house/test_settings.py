"""Settings: a wrong one is named, and each one is documented."""

from __future__ import annotations

import re

import pytest

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
