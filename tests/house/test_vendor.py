"""Third-party browser files: each is listed with version, checksum and licence, and unchanged since it was listed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
LARGEST_FILE = 200_000  # bytes


def _packages() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["packages"]
    return packages


def _listed_files() -> list[dict[str, Any]]:
    return [file for package in _packages() for file in package["files"]]


@pytest.mark.parametrize("file", _listed_files(), ids=lambda file: str(file["path"]))
def test_a_vendored_file_is_the_one_that_was_listed(file: dict[str, Any]) -> None:
    content = (VENDOR / file["path"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert len(content) == file["bytes"] < LARGEST_FILE


@pytest.mark.parametrize("package", _packages(), ids=lambda package: str(package["name"]))
def test_a_vendored_package_names_its_version_and_carries_its_licence(package: dict[str, Any]) -> None:
    assert package["version"] and package["licence"]
    assert (VENDOR / package["licence_file"]).read_text(encoding="utf-8").strip()


def test_nothing_is_vendored_without_being_listed() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    licences = {package["licence_file"] for package in _packages()}

    assert present == {file["path"] for file in _listed_files()} | licences | {"manifest.json"}
