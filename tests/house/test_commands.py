"""The commands that users type: each explains itself, and the documents name only those that exist."""

from __future__ import annotations

import re
import subprocess
from argparse import SUPPRESS
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.plugin import ROOT

OURS = {name: app for name, app in get_commands().items() if app in ("projects", "agents", "builder", "runs")}
PROMISED = {  # interfaces.md 1
    "up", "web", "worker", "scheduler", "bootstrap", "login_link", "create_token", "import_project", "export_project",
    "start_run", "doctor", "prune",
}  # fmt: skip
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
)


def test_every_promised_command_is_there() -> None:
    """Interfaces 1."""
    assert set(OURS) >= PROMISED


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_command_explains_itself_and_each_of_its_arguments(name: str) -> None:
    command = load_command_class(OURS[name], name)
    inherited = {action.dest for action in load_command_class("django.core", "check").create_parser("m", "x")._actions}

    silent = [
        action.dest
        for action in command.create_parser("manage.py", name)._actions
        if action.dest not in inherited and action.help in (None, "", SUPPRESS)
    ]

    assert len(command.help) > 20
    assert command.help.rstrip().endswith(".")
    assert silent == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_commands_that_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {name for name in re.findall(r"manage\.py (\w+)", text) if name not in get_commands()} == set()
    assert set(re.findall(r"(?:^|`)(?:\w+=\S+ )*make ([a-z-]+)", text, re.MULTILINE)) - targets == set()


def test_make_alone_lists_every_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert phony is not None
    assert re.findall(r"^  make ([a-z-]+) ", shown, re.MULTILINE) == phony[1].split()
