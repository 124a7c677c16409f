"""Freezing definitions into versions."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from builder.models import Workflow, WorkflowVersion
from builder.operations import create_workflow, patch_agent, patch_workflow
from builder.publish import PerVersion, current_version, frozen
from builder.queries import catalogue, find_entry, find_workflow
from projects import statements
from projects.access import Caller
from projects.models import Project


def test_the_same_content_is_the_same_version(ana: Caller, main: Workflow) -> None:
    """Rule 1.2: an immutable version, shared by all runs that have the same content."""
    first = current_version(main)
    patch_workflow(ana, main, {"description": "Other"})
    main.refresh_from_db()
    second = current_version(main)
    patch_workflow(ana, main, {"description": "The one with everything."})
    main.refresh_from_db()
    assert current_version(main) == first
    assert (first.number, second.number) == (1, 2)


def test_a_version_freezes_the_agents_and_the_default_model(ana: Caller, main: Workflow) -> None:
    """Interfaces 2: the workflow's block, the agents that it names, the default model; not its targets."""
    before = frozen(current_version(main).pk)
    assert [agent.name for agent in before.agents] == ["Ada", "Ben"]
    assert before.default_model == "scripted"
    patch_agent(ana, Agent.objects.select_related("project").get(name="Ben"), {"role": "Critic"})
    main.refresh_from_db()
    after = current_version(main)
    assert frozen(after.pk).agent("Ben").role == "Critic"
    assert before.agent("Ben").role == ""
    patch_workflow(ana, Workflow.objects.select_related("project").get(name="Publish"), {"description": "New"})
    main.refresh_from_db()
    assert current_version(main) == after


def test_a_new_default_model_needs_a_new_version(main: Workflow) -> None:
    """Rule 2.6: the project's default, as it stood when the run started."""
    first = current_version(main)
    Project.objects.update(default_model="openai:gpt-5")
    again = Workflow.objects.select_related("project", "current_version").get(pk=main.pk)
    assert {entry.name: entry.version_id for entry in catalogue(main.project.pk)}["Main"] is None
    assert frozen(current_version(again).pk).default_model == "openai:gpt-5"
    assert current_version(again) != first


@pytest.mark.django_db(transaction=True)
def test_a_current_version_costs_no_query(main: Workflow) -> None:
    """Architecture 1.8: fast by shape."""
    with CaptureQueriesContext(connection) as queries:
        version = current_version(main)
        frozen(version.pk)
        frozen(version.pk)
    assert len(queries) <= 1  # the content, once per process


def test_whether_a_trigger_is_on_is_no_content(main: Workflow) -> None:
    """Rule 8.1: switching a schedule is no edit of the workflow."""
    first = current_version(main)
    main.triggers.update(enabled=True)
    Workflow.objects.update(current_version=None)
    assert current_version(Workflow.objects.select_related("project").get(pk=main.pk)) == first


def test_numbers_and_contents_are_unique_in_the_database(main: Workflow) -> None:
    """Rule 1.2: also when two publish at once."""
    version = current_version(main)
    fields = {"project_id": version.project_id, "workflow": main, "workflow_name": "Main", "content": {}}
    for number, digest in ((version.number, "x"), (99, version.digest)):
        with pytest.raises(IntegrityError), transaction.atomic():
            WorkflowVersion.objects.create(number=number, digest=digest, **fields)


def test_the_catalogue_is_one_query_and_sorted(ana: Caller, website: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 5.1: the workflows that may be called, with name, description and input."""
    patch_workflow(ana, Workflow.objects.select_related("project").get(name="Report"), {"archived": True})
    asked: list[str] = []
    run = statements.run

    def noting(sql: str, values: list[object]) -> object:
        asked.append(sql)
        return run(sql, values)

    monkeypatch.setattr(statements, "run", noting)
    with CaptureQueriesContext(connection) as queries:
        entries = catalogue(website.pk)
    assert (len(asked), len(queries)) == (1, 0)
    assert [(entry.name, entry.archived) for entry in entries] == [
        ("Main", False),
        ("Publish", False),
        ("Report", True),
    ]
    assert entries[0].input_schema == {"type": "object", "properties": {"topic": {"type": "string"}}}
    assert all(entry.version_id for entry in entries)


def test_names_are_found_without_case(ana: Caller, website: Project, bob: Caller) -> None:
    """Rule 6.2: looked up exactly, then without case; only in the same project (6.1)."""
    create_workflow(ana, website, {"name": "Straße", "stages": [{"name": "A"}]})
    found = find_workflow(website.pk, "STRASSE")
    entry = find_entry(website.pk, "strasse")
    assert found is not None and found.name == "Straße"
    assert entry is not None and (entry.id, entry.name, entry.version_number) == (found.pk, "Straße", 1)
    assert entry in catalogue(website.pk)
    assert find_entry(website.pk + 1, "Main") is None
    assert find_workflow(website.pk + 1, "Main") is None
    assert find_workflow(website.pk, "Nothing") is None


def test_a_version_that_was_rolled_back_is_not_remembered(ana: Caller, website: Project) -> None:
    """Rule 1.2: a later version may get the id of one that never came to be."""
    with transaction.atomic():
        lost = create_workflow(ana, website, {"name": "Lost", "stages": [{"name": "A"}]}).current_version
        assert lost is not None and frozen(lost.pk).workflow.name == "Lost"
        transaction.set_rollback(True)
    kept = create_workflow(ana, website, {"name": "Kept", "stages": [{"name": "A"}]}).current_version
    assert kept is not None and frozen(kept.pk).workflow.name == "Kept"


def test_nothing_made_of_a_rolled_back_version_is_remembered_either(ana: Caller, website: Project) -> None:
    """Rule 1.2: whatever else is made once per version must not outlive it."""
    made: list[int] = []

    @PerVersion
    def named(version_id: int) -> str:
        made.append(version_id)
        return frozen(version_id).workflow.name

    with transaction.atomic():
        lost = create_workflow(ana, website, {"name": "Lost", "stages": [{"name": "A"}]}).current_version
        assert lost is not None and named(lost.pk) == "Lost"
        transaction.set_rollback(True)
    kept = create_workflow(ana, website, {"name": "Kept", "stages": [{"name": "A"}]}).current_version
    assert kept is not None and (named(kept.pk), named(kept.pk)) == ("Kept", "Kept")
    assert made == [lost.pk, kept.pk, kept.pk]  # on SQLite all the same id
