"""The import corpus: what hostile, broken and merely unusual files are answered with, over the real API."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.models import Stage, Workflow
from projects.models import Project
from tests.builder.conftest import Api
from tests.builder.made import changed, found

_CORPUS = json.loads((Path(__file__).parent.parent / "corpus" / "import.json").read_text())
BASE: dict[str, Any] = _CORPUS["base"]
CASES: list[dict[str, Any]] = _CORPUS["cases"]
MEBIBYTE = 1_048_576
HEAD = "format: baton/1\nproject: {name: Corpus}\n"


def _padded(size: int) -> bytes:
    raw = json.dumps(changed(BASE, set={"workflows[0].description": ""}))
    filler = "x" * (size - len(raw))
    return json.dumps(changed(BASE, set={"workflows[0].description": filler})).encode()


def _nested(depth: int) -> bytes:
    """The base with a route's input so deep that the file is nested `depth` deep: file, list, workflow, list, stage,
    routes and route are seven."""
    value: Any = "deep"
    for _ in range(depth - 7):
        value = {"a": value}
    return json.dumps(changed(BASE, set={"workflows[0].stages[1].routes.approve.input": value})).encode()


def _stages(number: int) -> bytes:
    stages = [{"name": f"S{index}"} for index in range(number)]
    return json.dumps({**BASE, "workflows": [{"name": "Many", "stages": stages}]}).encode()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("project.json", json.dumps(BASE))
    return buffer.getvalue()


def _assignments() -> bytes:
    many = [{"agent": "Ada"}] * 101
    return json.dumps(changed(BASE, set={"workflows[0].stages[0].assignments": many})).encode()


def _long_cron() -> bytes:
    cron = "0 9 * * " + ",".join(["1"] * 5_000)
    return json.dumps(changed(BASE, set={"workflows[0].triggers[0].cron": cron})).encode()


# What is too long to be written into the corpus: its text, and whether it is YAML.
MADE: dict[str, tuple[Callable[[], bytes], bool]] = {
    "over_one_mebibyte": (lambda: _padded(MEBIBYTE + 1), False),
    "one_mebibyte": (lambda: _padded(MEBIBYTE), False),
    "nested_32": (lambda: _nested(32), False),
    "nested_33": (lambda: _nested(33), False),
    "nested_1000": (lambda: b"[" * 1_000 + b"]" * 1_000, False),
    "half_a_million_brackets": (lambda: b"[" * 500_000 + b"]" * 500_000, False),
    "yaml_nested_33": (lambda: f"{HEAD}x: {'[' * 32}{']' * 32}\n".encode(), True),
    "yaml_brackets": (lambda: f"{HEAD}x: {'[' * 10_000}".encode(), True),
    "hundred_thousand_stages": (
        lambda: json.dumps({**BASE, "workflows": [{"name": "Many", "stages": [{}] * 100_000}]}).encode(),
        False,
    ),
    "stages_1001": (lambda: _stages(1_001), False),
    "stages_1000": (lambda: _stages(1_000), False),
    "assignments_101": (_assignments, False),
    "long_number": (lambda: b'{"format": ' + b"9" * 5_000 + b"}", False),
    "yaml_long_number": (lambda: f"{HEAD}x: {'9' * 5_000}\n".encode(), True),
    "zip": (_zip, False),
    "gzip": (lambda: gzip.compress(b"[" * 10_000_000), False),
    "utf_16": (lambda: json.dumps(BASE).encode("utf-16"), False),
    "yaml_bom": (lambda: b"\xef\xbb\xbf" + HEAD.encode(), True),
    "long_cron": (_long_cron, False),
}


def _sent(case: dict[str, Any]) -> tuple[bytes, str]:
    if "made" in case:
        make, is_yaml = MADE[case["made"]]
        return make(), "application/yaml" if is_yaml else "application/json"
    if "yaml" in case:
        return case["yaml"].encode(), "application/yaml"
    if "text" in case:
        return case["text"].encode(), case.get("type", "application/json")
    return json.dumps(changed(BASE, set=case.get("set"), drop=case.get("drop"))).encode(), "application/json"


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_every_file_of_the_corpus_is_answered_as_it_should_be(api: Api, case: dict[str, Any]) -> None:
    """Interfaces 2: refused with each place and nothing stored, or stored as it was written with nothing set going."""
    raw, kind = _sent(case)

    answer = api("POST", f"/projects/import{case.get('query', '')}", raw, kind)

    assert answer.status == case["status"], answer.text[:2_000]
    for name in case.get("names", ()):
        assert name in json.loads(answer.text).__repr__(), answer.text[:2_000]
    if answer.status != 201:
        assert answer.body["error"]["details"] or answer.status == 413
        assert not Project.objects.exists()
        assert not Workflow.objects.exists()
        assert not Stage.objects.exists()
        return
    exported = api("GET", f"/projects/{answer.body['project']}/export").body
    for path, value in case.get("stored", {}).items():
        assert found(exported, path) == value


def test_the_corpus_holds_what_it_should() -> None:
    """Trust 4.1: at least 34 cases of size, depth and shape, and 14 with intent."""
    groups = [case["group"] for case in CASES]
    assert groups.count("size, depth and shape") >= 34
    assert groups.count("intent") >= 14
    assert len({case["title"] for case in CASES}) == len(CASES)
