"""The commands import_project and export_project."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from builder.canonical import block_of
from builder.models import Workflow
from builder.project_file import export_project
from builder.yaml_text import parse_yaml, write_yaml
from projects.access import Caller
from projects.models import Project
from tests.builder.made import changed, project_file


def _run(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["project.yaml", "project.json"])
def test_a_file_is_imported(ana: Caller, tmp_path: Path, name: str) -> None:
    """Interfaces 1: import_project FILE."""
    path = tmp_path / name
    path.write_text(json.dumps(project_file()) if name.endswith("json") else write_yaml(project_file()))
    told = _run("import_project", str(path), "--user", "ana")
    assert "project: website" in told
    assert "created: workflows/Main" in told
    assert Workflow.objects.count() == 3


def test_a_file_is_imported_into_a_named_project(ana: Caller, website: Project, tmp_path: Path) -> None:
    """Interfaces 1: --project SLUG."""
    path = tmp_path / "other.yaml"
    path.write_text(write_yaml(changed(project_file(), set={"project.name": "Other", "agents[0].role": "Poet"})))
    told = _run("import_project", str(path), "--project", "website", "--user", "ana")
    assert "updated: agents/Ada" in told
    website.refresh_from_db()
    assert (website.slug, website.name) == ("website", "Other")


def test_a_bad_file_is_told_with_its_places(ana: Caller, tmp_path: Path) -> None:
    """Interfaces 2: refused, all problems at once, each with its path."""
    path = tmp_path / "bad.yaml"
    path.write_text(write_yaml(changed(project_file(), set={"agents[1].name": "ADA", "format": "baton/9"})))
    with pytest.raises(CommandError) as refused:
        _run("import_project", str(path), "--user", "ana")
    assert "  agents[1].name: " in str(refused.value)
    assert "  format: " in str(refused.value)
    with pytest.raises(CommandError, match=r"nothing\.yaml cannot be read"):
        _run("import_project", str(tmp_path / "nothing.yaml"), "--user", "ana")
    with pytest.raises(CommandError, match="There is no user eve"):
        _run("import_project", str(path), "--user", "eve")


def test_a_project_is_exported_as_it_would_be_imported(website: Project) -> None:
    """Interfaces 1: export_project SLUG."""
    file = block_of(export_project(website))
    assert parse_yaml(_run("export_project", "website")) == file
    assert json.loads(_run("export_project", "website", "--format", "json")) == file
    alone = parse_yaml(_run("export_project", "website", "--workflow", "Report"))
    assert [workflow["name"] for workflow in alone["workflows"]] == ["Report"]
    with pytest.raises(CommandError, match="There is no project nothing"):
        _run("export_project", "nothing")
