"""Editing workflows, agents, assignments and outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agents.models import Agent
from builder.canonical import block_of
from builder.errors import EditedMeanwhile
from builder.models import Assignment, Hook, Route, Stage, Trigger, Workflow, WorkflowVersion
from builder.operations import (
    OutcomeEdit,
    create_agent,
    create_workflow,
    delete_agent,
    delete_workflow,
    patch_agent,
    patch_workflow,
    replace_agent,
    replace_workflow,
    restore_version,
    update_assignment,
    update_stage_outcomes,
)
from builder.project_file import export_project, import_project
from builder.publish import frozen
from builder.reading import read_workflow
from projects.access import Caller, Role
from projects.errors import BatonError, Conflict, Forbidden, Invalid, NotFound, NotSupported
from projects.models import Member, Project
from tests.builder.made import MAIN, changed


def _importable(caller: Caller, project: Project) -> None:
    """What is stored must be what an import takes, and the same."""
    report = import_project(caller, block_of(export_project(project)))
    assert (report.created, report.updated) == ([], [])


# -- workflows -------------------------------------------------------------------------------------------------------


def test_a_workflow_is_created_from_its_block(ana: Caller, website: Project) -> None:
    """Interfaces 5: the body of a workflow is its block; names are unique without case."""
    made = create_workflow(ana, website, {"name": "New", "stages": [{"name": "A"}]})
    assert read_workflow(made.pk).stages[0].name == "A"
    assert made.current_version is not None
    with pytest.raises(Conflict, match="NEW"):
        create_workflow(ana, website, {"name": "NEW", "stages": [{"name": "A"}]})
    _importable(ana, website)


def test_a_workflow_may_refer_to_itself_from_the_start(ana: Caller, website: Project) -> None:
    """Rule 6.4: A may trigger A."""
    block = {
        "name": "Loop",
        "stages": [
            {"name": "A", "outcomes": ["again"], "routes": {"again": {"workflow": "Loop", "continue_at": "end"}}}
        ],
    }
    made = create_workflow(ana, website, block)
    renamed = patch_workflow(ana, made, {"name": "Circle"})
    assert block_of(read_workflow(renamed.pk))["stages"][0]["routes"]["again"]["workflow"] == "Circle"
    _importable(ana, website)


def test_replacing_keeps_the_rows_of_what_stays(ana: Caller, main: Workflow) -> None:
    """Architecture 1.4: rows are the editable form of one definition."""
    before = {stage.name: (stage.pk, stage.version) for stage in main.stages.all()}
    assignment = Assignment.objects.get(stage__name="Draft", position=0)
    trigger = Trigger.objects.get(name="In")
    block = changed(MAIN, set={"stages[2].task": "Keep."})
    block["stages"] = [{"name": "First"}, block["stages"][2], block["stages"][0], block["stages"][1]]
    block["stages"][2]["assignments"].reverse()
    block["triggers"].reverse()

    replace_workflow(ana, main, block)

    after = {stage.name: (stage.pk, stage.version) for stage in main.stages.all()}
    assert list(after) == ["First", "Archive", "Draft", "Review"]
    assert after["Draft"] == before["Draft"]
    assert after["Archive"] == (before["Archive"][0], 2)
    kept = Assignment.objects.get(pk=assignment.pk)
    assert (kept.position, kept.version) == (1, 1)
    assert Trigger.objects.get(name="In").pk == trigger.pk
    _importable(ana, main.project)


def test_the_same_again_changes_nothing(ana: Caller, main: Workflow) -> None:
    """Rule 1.2: the same content is the same version."""
    block = block_of(read_workflow(main.pk))
    assert replace_workflow(ana, main, block).revision == main.revision
    assert WorkflowVersion.objects.filter(workflow=main).count() == 1


def test_a_stale_revision_is_a_conflict_that_tells_both(ana: Caller, main: Workflow) -> None:
    """Interfaces 5: 409, saying what is and what was wanted."""
    patch_workflow(ana, main, {"description": "New", "revision": 1})
    with pytest.raises(EditedMeanwhile, match="it is at 2, and the change was made on 1"):
        patch_workflow(ana, main, {"description": "Newer", "revision": 1})


def test_a_new_name_is_followed_by_all_that_name_it(ana: Caller, main: Workflow, website: Project) -> None:
    """Rule 6.2: references are to the workflow, not to its text."""
    patch_workflow(ana, Workflow.objects.get(name="Publish"), {"name": "Ship"})
    patch_workflow(ana, Workflow.objects.get(name="Report"), {"name": "Count"})
    block = block_of(read_workflow(main.pk))
    assert block["stages"][1]["routes"]["approve"]["workflow"] == "Ship"
    assert block["stages"][1]["entry_hooks"][0]["workflow"] == "Count"
    assert block["stages"][0]["assignments"][0]["allowed_workflows"] == ["Count"]
    revision = main.revision
    main.refresh_from_db()
    assert main.revision == revision + 2
    assert main.current_version is not None
    assert frozen(main.current_version.pk).workflow.stages[1].routes["approve"].model_dump()["workflow"] == "Ship"
    _importable(ana, website)


def test_a_deleted_target_turns_its_routes_to_the_next_stage(ana: Caller, main: Workflow, website: Project) -> None:
    """Interfaces 2: in the same command; versions stay, and what they froze."""
    version = main.current_version
    assert version is not None
    delete_workflow(ana, Workflow.objects.get(name="Publish"))
    block = block_of(read_workflow(main.pk))
    assert "approve" in block["stages"][1]["outcomes"]
    assert "approve" not in block["stages"][1]["routes"]
    main.refresh_from_db()
    assert main.current_version is not None
    assert main.current_version != version
    assert frozen(version.pk).workflow.stages[1].routes["approve"].model_dump()["workflow"] == "Publish"
    assert WorkflowVersion.objects.filter(workflow=None, workflow_name="Publish").exists()
    _importable(ana, website)


def test_an_allow_list_that_would_become_empty_does_not_open_up(ana: Caller, main: Workflow, website: Project) -> None:
    """Rule 5.8: an empty list would allow every workflow."""
    delete_workflow(ana, Workflow.objects.get(name="Report"))
    first = block_of(read_workflow(main.pk))["stages"][0]["assignments"][0]
    assert (first["allowed_workflows"], first["capabilities"]) == ([], ["decide_outcome"])
    assert not Hook.objects.filter(kind="workflow").exists()
    _importable(ana, website)


def test_archiving_is_a_flag_that_counts_as_an_edit(ana: Caller, main: Workflow) -> None:
    """Interfaces 2: archived targets are warnings, nothing is taken away."""
    archived = patch_workflow(ana, main, {"archived": True})
    assert (archived.archived_at is not None, archived.revision) == (True, 2)
    assert patch_workflow(ana, main, {"archived": False}).archived_at is None
    with pytest.raises(Invalid):
        patch_workflow(ana, main, {"archived": "yes"})


@pytest.mark.parametrize("kind", [{"kind": "webhook"}, {"kind": "schedule", "cron": "0 9 * * 1"}])
def test_enabling_a_trigger_is_refused_for_now(ana: Caller, main: Workflow, kind: dict[str, Any]) -> None:
    """Issue 2: only enabling a schedule or a webhook is refused."""
    with pytest.raises(NotSupported) as refused:
        patch_workflow(ana, main, {"triggers": [{**kind, "enabled": True}]})
    assert [detail.path for detail in refused.value.details] == ["triggers[0].enabled"]


def test_a_version_can_be_restored(ana: Caller, main: Workflow) -> None:
    """Rule 1.2: a version is immutable, and what it froze can come back."""
    first = main.current_version
    assert first is not None
    patch_workflow(ana, main, {"name": "Renamed", "stages": [{"name": "Only"}]})
    restored = restore_version(ana, main, first)
    assert [stage.name for stage in read_workflow(main.pk).stages] == ["Draft", "Review", "Archive"]
    assert restored.name == "Renamed"
    assert WorkflowVersion.objects.filter(workflow=main).count() == 3


def test_a_version_whose_targets_are_gone_is_refused_with_their_places(ana: Caller, main: Workflow) -> None:
    """Interfaces 2: the builder never stores a shape that import refuses."""
    first = main.current_version
    assert first is not None
    delete_workflow(ana, Workflow.objects.get(name="Publish"))
    with pytest.raises(Invalid) as refused:
        restore_version(ana, main, first)
    assert [detail.path for detail in refused.value.details] == ["stages[1].routes.approve.workflow"]


# -- agents ----------------------------------------------------------------------------------------------------------


def test_an_agent_is_created_changed_and_renamed(ana: Caller, website: Project, main: Workflow) -> None:
    """Interfaces 5: agents by id or name; references follow a new name, and versions are made anew."""
    create_agent(ana, website, {"name": "Eve"})
    with pytest.raises(Conflict, match="eve"):
        create_agent(ana, website, {"name": "eve"})
    ada = Agent.objects.select_related("project").get(name="Ada")
    patch_agent(ana, ada, {"name": "Adele", "version": 1})
    assert read_workflow(main.pk).stages[0].assignments[0].agent == "Adele"
    main.refresh_from_db()
    version = main.current_version_id or 0
    assert frozen(version).workflow.stages[0].assignments[0].agent == "Adele"
    with pytest.raises(EditedMeanwhile):
        patch_agent(ana, ada, {"role": "x", "version": 1})
    assert replace_agent(ana, ada, {"name": "Adele"}).role == ""
    _importable(ana, website)


def test_an_agent_at_work_cannot_be_deleted(ana: Caller, website: Project) -> None:
    """Issue 2: 409 when assigned somewhere, naming where, as a fallback too."""
    ben = Agent.objects.select_related("project").get(name="Ben")
    with pytest.raises(Conflict, match="Main > Draft; Main > Review"):
        delete_agent(ana, ben)
    eve = create_agent(ana, website, {"name": "Eve"})
    delete_agent(ana, eve)
    assert not Agent.objects.filter(name="Eve").exists()


# -- assignments and outcomes ----------------------------------------------------------------------------------------


def test_one_assignment_is_changed_alone(ana: Caller, main: Workflow, website: Project) -> None:
    """Rule 2.4: capabilities are toggles on the assignment."""
    assignment = Assignment.objects.get(stage__workflow=main, stage__name="Review")
    changes = {
        "directive": "Look twice.",
        "capabilities": ["trigger_workflows"],
        "allowed_workflows": ["publish", "Report"],
        "trigger_timeout": 60,
        "retries": {"attempts": 1},
        "on_failure": "fail",
    }
    done = update_assignment(ana, assignment.pk, version=1, changes=changes)
    assert (done.pk, done.version, done.stage.version) == (assignment.pk, 2, 1)
    stored = block_of(read_workflow(main.pk))["stages"][1]["assignments"][0]
    assert stored["allowed_workflows"] == ["Publish", "Report"]
    assert stored["retries"] == {"attempts": 1, "backoff": 1, "max_backoff": 60}
    main.refresh_from_db()
    assert main.revision == 2
    _importable(ana, website)


def test_a_stale_assignment_tells_what_is_stored(ana: Caller, main: Workflow) -> None:
    """Interfaces 5: 409 with what is."""
    assignment = Assignment.objects.get(stage__workflow=main, stage__name="Review")
    update_assignment(ana, assignment.pk, version=1, changes={"directive": "Mine."})
    with pytest.raises(EditedMeanwhile) as refused:
        update_assignment(ana, assignment.pk, version=1, changes={"directive": "Theirs."})
    assert [(detail.path, detail.message) for detail in refused.value.details] == [("directive", "Mine.")]


def test_an_assignment_takes_only_what_an_import_takes(ana: Caller, main: Workflow) -> None:
    """Interfaces 2: the builder never stores a shape that import refuses."""
    assignment = Assignment.objects.get(stage__workflow=main, stage__name="Review")
    with pytest.raises(Invalid) as refused:
        update_assignment(
            ana,
            assignment.pk,
            version=1,
            changes={"timeout": 0, "agent": "Nobody", "allowed_workflows": ["Nothing"], "x": 1},
        )
    assert {detail.path for detail in refused.value.details} == {
        f"stages[1].assignments[0].{field}" for field in ("timeout", "agent", "allowed_workflows[0]", "x")
    }


def test_the_outcomes_of_a_stage_and_where_they_lead_are_changed(ana: Caller, main: Workflow, website: Project) -> None:
    """Rule 4.1: goes to the next stage, a stage, a workflow with input and continue at, or the end."""
    review = Stage.objects.get(workflow=main, name="Review")
    edits = [
        OutcomeEdit("ok", {"workflow": "Report", "input": "{{results.text}}", "continue_at": "Archive"}, was="approve"),
        OutcomeEdit("reject"),
        OutcomeEdit("revise", {"stage": "end"}),
        OutcomeEdit("later", {"stage": "Draft"}),
    ]
    done = update_stage_outcomes(ana, review.pk, version=1, outcomes=edits, default_outcome="later")
    stage = block_of(read_workflow(main.pk))["stages"][1]
    assert stage["outcomes"] == ["ok", "reject", "revise", "later"]
    assert stage["routes"] == {
        "ok": {"workflow": "Report", "input": "{{results.text}}", "continue_at": "Archive", "timeout": None},
        "revise": {"stage": "end"},
        "later": {"stage": "Draft"},
    }
    assert stage["exit_hooks"][0]["options"] == {"Yes": "ok", "No": "reject", "Again": "revise"}
    assert stage["default_outcome"] == "later"
    assert done.version == 2
    with pytest.raises(EditedMeanwhile) as refused:
        update_stage_outcomes(ana, review.pk, version=1, outcomes=[])
    assert refused.value.details[0].message == "workflow Report, continue at Archive"
    _importable(ana, website)


def test_an_outcome_that_a_gate_offers_cannot_be_taken_away(ana: Caller, main: Workflow) -> None:
    """Rule 7.2: each option maps to an outcome."""
    review = Stage.objects.get(workflow=main, name="Review")
    with pytest.raises(Invalid) as refused:
        update_stage_outcomes(ana, review.pk, version=1, outcomes=[OutcomeEdit("approve"), OutcomeEdit("approve")])
    assert {detail.path for detail in refused.value.details} == {
        "stages[1].outcomes[1]",
        "stages[1].exit_hooks[0].options.No",
        "stages[1].exit_hooks[0].options.Again",
        "stages[1].exit_hooks[0].deadline.outcome",
    }
    assert Route.objects.filter(outcome__stage=review).count() == 3


# -- rights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "error"), [(None, NotFound), (Role.VIEWER, Forbidden), (Role.OPERATOR, Forbidden)])
def test_only_editors_change_definitions(
    ana: Caller, bob: Caller, main: Workflow, role: Role | None, error: type[BatonError]
) -> None:
    """Interfaces 5: an editor changes definitions; 403 where the caller sees the project, 404 else."""
    project = main.project
    if role is not None:
        Member.objects.create(project=project, user=bob.user, role=role)
    ada = Agent.objects.select_related("project").get(name="Ada")
    version = main.current_version
    assert version is not None
    stage, assignment = Stage.objects.get(name="Draft"), Assignment.objects.get(stage__name="Review")
    acts: list[Callable[[], Any]] = [
        lambda: create_workflow(bob, project, {"name": "New", "stages": [{"name": "A"}]}),
        lambda: replace_workflow(bob, main, {}),
        lambda: patch_workflow(bob, main, {}),
        lambda: delete_workflow(bob, main),
        lambda: restore_version(bob, main, version),
        lambda: create_agent(bob, project, {"name": "Eve"}),
        lambda: replace_agent(bob, ada, {}),
        lambda: patch_agent(bob, ada, {}),
        lambda: delete_agent(bob, ada),
        lambda: update_assignment(bob, assignment.pk, version=1, changes={}),
        lambda: update_stage_outcomes(bob, stage.pk, version=1, outcomes=[]),
    ]
    for act in acts:
        with pytest.raises(error):
            act()
    with pytest.raises(NotFound):
        update_assignment(ana, 10**9, version=1, changes={})
