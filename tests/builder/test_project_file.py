"""Importing and exporting projects."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Agent
from builder.canonical import block_of
from builder.models import Trigger, Workflow
from builder.project_file import export_project, import_project
from projects.access import Caller, Role, role_of
from projects.errors import Forbidden, Invalid, NotFound
from projects.models import Member, Project
from tests.builder.conftest import Api
from tests.builder.made import changed, project_file


def _copy_of(file: dict[str, Any], name: str) -> dict[str, Any]:
    return changed(file, set={"project.name": name})


def test_an_import_creates_what_the_file_names(ana: Caller) -> None:
    """Interfaces 2: import reports what it created; its caller owns the project."""
    report = import_project(ana, project_file())
    assert report.project == "website"
    assert report.created == ["agents/Ada", "agents/Ben", "workflows/Main", "workflows/Publish", "workflows/Report"]
    assert report.updated == []
    assert role_of(ana, Project.objects.get(slug="website")) is Role.OWNER


def test_what_is_the_same_is_in_neither_list(ana: Caller, website: Project) -> None:
    """Interfaces 2: an identical object is in neither list, and nothing about it changes."""
    before = list(Workflow.objects.order_by("pk").values())
    report = import_project(ana, project_file())
    assert (report.created, report.updated) == ([], [])
    assert list(Workflow.objects.order_by("pk").values()) == before


def test_objects_are_matched_by_name_and_what_the_file_lacks_stays(ana: Caller, website: Project) -> None:
    """Interfaces 2: objects by name are created or updated; what the file lacks stays, the default model too."""
    file = {
        "format": "baton/1",
        "project": {"name": "Website"},
        "agents": [{"name": "ADA", "role": "Editor"}, {"name": "Eve"}],
        "workflows": [{"name": "Publish", "stages": [{"name": "Out", "assignments": [{"agent": "Ben"}]}]}],
    }
    report = import_project(ana, file)
    assert report.created == ["agents/Eve"]
    assert report.updated == ["agents/ADA", "workflows/Publish"]
    exported = export_project(website)
    assert [agent.name for agent in exported.agents] == ["ADA", "Ben", "Eve"]
    assert [workflow.name for workflow in exported.workflows] == ["Main", "Publish", "Report"]
    assert exported.workflows[0].stages[0].assignments[0].agent == "ADA"
    assert exported.project.default_model == "scripted"


def test_a_changed_default_model_is_reported(ana: Caller, website: Project) -> None:
    """Interfaces 2: import reports what it would change."""
    report = import_project(ana, changed(project_file(), set={"project.default_model": None}))
    assert report.updated == ["project"]
    website.refresh_from_db()
    assert website.default_model is None


def test_the_order_of_options_counts(ana: Caller, website: Project) -> None:
    """Rule 7.2: options are buttons in an order."""
    path = "workflows[0].stages[1].exit_hooks[0].options"
    turned = changed(project_file(), set={path: {"Again": "revise", "No": "reject", "Yes": "approve"}})
    assert import_project(ana, turned).updated == ["workflows/Main"]
    hook = export_project(website).workflows[0].stages[1].exit_hooks[0]
    assert list(block_of(hook)["options"]) == ["Again", "No", "Yes"]


def test_a_dry_run_tells_the_same_and_changes_nothing(ana: Caller) -> None:
    """Interfaces 2: `?dry_run=true` reports what it would change."""
    dry = import_project(ana, project_file(), dry_run=True)
    assert not Project.objects.exists()
    assert not Agent.objects.exists()
    assert import_project(ana, project_file()) == dry


def test_an_import_is_all_or_nothing(ana: Caller, website: Project) -> None:
    """Interfaces 2: one problem, and nothing of the file is stored."""
    file = changed(project_file(), set={"agents[0].role": "Poet", "workflows[1].stages[0].max_visits": 0})
    with pytest.raises(Invalid):
        import_project(ana, file)
    assert Agent.objects.get(name="Ada").role == "Writer"


def test_an_import_enables_no_trigger(ana: Caller) -> None:
    """Interfaces 2: import enables no trigger; it says so."""
    file = changed(project_file(), set={"workflows[0].triggers[0].enabled": True})
    report = import_project(ana, file)
    assert [detail.path for detail in report.warnings] == ["workflows[0].triggers[0].enabled"]
    assert not Trigger.objects.filter(enabled=True).exists()
    assert import_project(ana, file).updated == []


def test_a_trigger_that_is_on_stays_on_where_the_file_says_so(ana: Caller, website: Project) -> None:
    """Interfaces 2: import enables nothing, and a file that was exported changes nothing."""
    Trigger.objects.filter(name="Weekly").update(enabled=True)
    exported = block_of(export_project(website))
    report = import_project(ana, exported)
    assert (report.updated, report.warnings) == ([], [])
    assert Trigger.objects.get(name="Weekly").enabled


def test_a_slug_that_another_has_taken_gets_a_number(ana: Caller, website: Project, bob: Caller) -> None:
    """Interfaces 2: slug = slugified name, -2 if taken by another; the next import finds it again."""
    assert import_project(bob, project_file()).project == "website-2"
    again = import_project(bob, project_file())
    assert (again.project, again.created) == ("website-2", [])


def test_a_member_who_may_not_edit_cannot_import(website: Project, bob: Caller) -> None:
    """Interfaces 5: 403 in a project that the caller can see."""
    Member.objects.create(project=website, user=bob.user, role=Role.OPERATOR)
    with pytest.raises(Forbidden):
        import_project(bob, project_file())
    assert Project.objects.count() == 1


def test_a_file_may_name_what_the_project_has_already(ana: Caller, website: Project) -> None:
    """Interfaces 2: names refer inside the file, and to what an existing project has beside it."""
    file = project_file(
        agents=[], workflows=[{"name": "New", "stages": [{"name": "A", "assignments": [{"agent": "Ada"}]}]}]
    )
    assert import_project(ana, file).created == ["workflows/New"]


def test_one_workflow_is_exported_with_all_that_it_needs(ana: Caller, website: Project) -> None:
    """Interfaces 1: `--workflow NAME` gives a file that stands alone."""
    file = block_of(export_project(website, "main"))
    assert [workflow["name"] for workflow in file["workflows"]] == ["Main", "Publish", "Report"]
    alone = block_of(export_project(website, "Report"))
    assert [workflow["name"] for workflow in alone["workflows"]] == ["Report"]
    assert [agent["name"] for agent in alone["agents"]] == ["Ada"]
    assert import_project(ana, _copy_of(alone, "Alone")).created == ["agents/Ada", "workflows/Report"]
    with pytest.raises(NotFound):
        export_project(website, "Nothing")


def test_an_export_holds_the_defaults(website: Project) -> None:
    """Interfaces 2: export's JSON is the file itself, defaults included."""
    file = block_of(export_project(website))
    assert file["format"] == "baton/1"
    assert file["workflows"][1]["stages"][0]["max_visits"] == 5
    assert file["agents"][0]["script"] == [{"share": {"text": "Hi"}}, {"say": "Done."}]


def test_json_and_yaml_are_the_same_file(api: Api, website: Project) -> None:
    """Interfaces 2: JSON where Accept is absent or */*, YAML where it asks for it; both import unchanged."""
    plain = api("GET", "/projects/website/export")
    anything = api("GET", "/projects/website/export", accept="*/*")
    yaml = api("GET", "/projects/website/export", accept="application/yaml")
    assert plain.body == anything.body == block_of(export_project(website))
    assert yaml.kind.startswith("application/yaml")
    for raw, kind in ((plain.text, "application/json"), (yaml.text, "application/yaml")):
        answer = api("POST", "/projects/import?dry_run=true", raw, kind)
        assert (answer.status, answer.body["created"], answer.body["updated"]) == (200, [], [])


# -- generated projects ----------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["Ada", "Ben", "Café", "記事", "v1.2", "{{x}}", "42", "a & b", "Zoë", "<b>"])
TEXT = st.sampled_from(
    ["", "Plain.", "two\nlines\n", "{{results.a}}", " spaces ", "ünï", "'quoted' \"twice\"", "- x: y"]
)
SECONDS = st.integers(1, 86_400) | st.floats(1, 86_400, allow_nan=False)


@st.composite
def _hooks(draw: st.DrawFn, outcomes: list[str], workflows: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["approval", "http", "email", "wait", "event", "workflow"]))
    if kind == "approval":
        options = draw(st.dictionaries(NAMES, st.sampled_from([None, *outcomes]), min_size=1, max_size=3))
        return {"kind": kind, "message": draw(TEXT), "options": options, "quorum": draw(st.integers(1, 100))}
    rest: dict[str, dict[str, Any]] = {
        "http": {"url": "https://example.org/", "headers": {"X-A": "b"}, "body": {"a": [1, None, 1.5]}},
        "email": {"to": "a@example.org", "message": draw(TEXT)},
        "wait": {"seconds": draw(st.integers(1, 1_000))},
        "event": {"type": "paid", "deadline": {"after": 5, "outcome": None}},
        "workflow": {"workflow": draw(st.sampled_from(workflows)), "input": {"a": draw(TEXT)}},
    }
    return {"kind": kind, "when": {"path": "input", "op": "exists", "value": None}, **rest[kind]}


@st.composite
def _routes(draw: st.DrawFn, stages: list[str], workflows: list[str]) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"stage": draw(st.sampled_from([*stages, "end"]))}
    target, place = draw(st.sampled_from(workflows)), draw(st.sampled_from([*stages, "end"]))
    timeout = draw(st.none() | SECONDS)
    return {"workflow": target, "input": draw(TEXT), "continue_at": place, "timeout": timeout}


@st.composite
def _stage(draw: st.DrawFn, name: str, stages: list[str], agents: list[str], workflows: list[str]) -> dict[str, Any]:
    outcomes = draw(st.lists(st.sampled_from(["yes", "no", "Yes", "error", "später"]), unique=True, max_size=4))
    routed = draw(st.lists(st.sampled_from(outcomes), unique=True)) if outcomes else []
    hooks = st.lists(_hooks(outcomes, workflows), max_size=2)
    assignments = st.fixed_dictionaries(
        {"agent": st.sampled_from(agents)},
        optional={
            "directive": TEXT,
            "capabilities": st.lists(st.sampled_from(["trigger_workflows", "decide_outcome"]), unique=True),
            "allowed_workflows": st.lists(st.sampled_from(workflows), unique=True),
            "share": st.lists(TEXT, max_size=2),
            "timeout": SECONDS,
            "fallback_agent": st.none() | st.sampled_from(agents),
            "last_resort": st.none() | TEXT,
            "on_failure": st.sampled_from(["fail", "continue"]),
        },
    )
    return {
        "name": name,
        "task": draw(TEXT),
        "mode": draw(st.sampled_from(["parallel", "sequence", "conversation"])),
        "assignments": draw(st.lists(assignments, max_size=3)) if agents else [],
        "outcomes": outcomes,
        "default_outcome": draw(st.sampled_from([None, *outcomes])),
        "routes": {outcome: draw(_routes(stages, workflows)) for outcome in routed},
        "entry_hooks": draw(hooks),
        "exit_hooks": draw(hooks),
    }


@st.composite
def project_files(draw: st.DrawFn) -> dict[str, Any]:
    """Project files in all their shapes."""
    names = st.lists(NAMES, unique_by=str.casefold, max_size=3)
    agents, workflows = draw(names), draw(st.lists(NAMES, unique=True, min_size=1, max_size=3))
    blocks = []
    for workflow in workflows:
        stages = draw(st.lists(NAMES, unique=True, min_size=1, max_size=3))
        blocks.append(
            {
                "name": workflow,
                "description": draw(TEXT),
                "input_schema": draw(st.sampled_from([None, {"type": "object", "properties": {"b": {}, "a": {}}}])),
                "stages": [draw(_stage(stage, stages, agents, workflows)) for stage in stages],
                "triggers": draw(
                    st.lists(st.sampled_from([{"kind": "webhook"}, {"kind": "once", "after": 5}]), max_size=2)
                ),
            }
        )
    return {
        "format": "baton/1",
        "project": {"name": "Generated", "default_model": draw(st.sampled_from([None, "scripted"]))},
        "agents": [{"name": name, "role": draw(TEXT), "script": [{"say": draw(TEXT)}]} for name in agents],
        "workflows": blocks,
    }


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(file=project_files(), other=project_files())
def test_exporting_what_was_imported_gives_the_same_file(
    ana: Caller, file: dict[str, Any], other: dict[str, Any]
) -> None:
    """Interfaces 2: export then import gives the same file, in a new project and over any other definition."""
    Project.objects.all().delete()
    first = export_project(Project.objects.get(slug=import_project(ana, file).project))
    copied = import_project(ana, _copy_of(block_of(first), "Copy"))
    assert export_project(Project.objects.get(slug=copied.project)).workflows == first.workflows
    assert import_project(ana, block_of(first)).updated == []

    over = import_project(ana, _copy_of(other, "Generated"))
    import_project(ana, copy.deepcopy(file))
    now = {workflow.name: workflow for workflow in export_project(Project.objects.get(slug=over.project)).workflows}
    assert all(now[workflow.name] == workflow for workflow in first.workflows)
