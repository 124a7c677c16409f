"""Definitions that several people and processes work on at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from builder.errors import EditedMeanwhile
from builder.models import Assignment, Workflow, WorkflowVersion
from builder.operations import update_assignment
from builder.project_file import import_project
from builder.publish import current_version
from projects.access import Caller
from projects.models import Project
from tests.builder.made import project_file

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(act: Callable[[int], Any], times: int = 6) -> list[Any]:
    def one(number: int) -> Any:
        try:
            return act(number)
        except EditedMeanwhile as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.fixture
def caller() -> Caller:
    """The owner of the project."""
    caller = Caller(user=User.objects.create_user("ana"))
    import_project(caller, project_file())
    return caller


def test_many_starts_at_once_make_one_version(caller: Caller) -> None:
    """Rule 1.2: one version, shared by all runs of the same content."""
    Project.objects.update(default_model="openai:gpt-5")
    workflow_id = Workflow.objects.get(name="Main").pk

    def start(_: int) -> int:
        workflow = Workflow.objects.select_related("project", "current_version").get(pk=workflow_id)
        return current_version(workflow).pk

    assert len(set(_at_once(start))) == 1
    assert WorkflowVersion.objects.filter(workflow_id=workflow_id).count() == 2


def test_of_many_edits_of_one_version_one_is_stored(caller: Caller) -> None:
    """Interfaces 5: the others are told 409, none is lost silently."""
    assignment_id = Assignment.objects.get(stage__name="Review").pk
    answers = _at_once(
        lambda number: update_assignment(caller, assignment_id, version=1, changes={"directive": f"Mine {number}."})
    )
    stored = [answer for answer in answers if isinstance(answer, Assignment)]
    assert len(stored) == 1
    assert Assignment.objects.get(pk=assignment_id).directive == stored[0].directive


def test_new_projects_of_one_name_each_get_a_slug(caller: Caller) -> None:
    """Interfaces 2: slug = slugified name, a number after it where another has taken it."""
    people = [Caller(user=User.objects.create_user(f"person{number}")) for number in range(4)]
    reports = _at_once(lambda number: import_project(people[number], project_file()), times=4)
    assert sorted(report.project for report in reports) == [f"website-{number}" for number in range(2, 6)]


def test_the_same_file_imported_at_once_is_stored_once(caller: Caller) -> None:
    """Interfaces 2: objects by name; what is the same is in neither list."""
    file = project_file(workflows=[{"name": "New", "stages": [{"name": "A"}]}])
    reports = _at_once(lambda _: import_project(caller, file))
    assert sum(report.created == ["workflows/New"] for report in reports) == 1
    assert Project.objects.count() == 1
