"""The definition type: what the file's example says, and its defaults."""

from __future__ import annotations

import pytest

from builder.spec import (
    AssignmentSpec,
    Capability,
    FrozenVersion,
    Mode,
    OnFailure,
    ProjectFile,
    StageRoute,
    WorkflowRoute,
    WorkflowSpec,
)
from tests.builder.made import project_file


def test_what_is_left_out_has_the_default_of_the_format() -> None:
    """Interfaces 2: all that is not required has the default shown."""
    assignment = AssignmentSpec(agent="Ada")
    assert assignment.model_dump(mode="json") == {
        "agent": "Ada",
        "directive": "",
        "capabilities": [],
        "allowed_workflows": [],
        "share": [],
        "retries": {"attempts": 3, "backoff": 1, "max_backoff": 60},
        "timeout": 120,
        "trigger_timeout": 300,
        "workflow_tools": False,
        "fallback_agent": None,
        "last_resort": None,
        "on_failure": "fail",
    }
    workflow = WorkflowSpec.model_validate({"name": "A", "stages": [{"name": "B"}]})
    stage = workflow.stages[0]
    assert (stage.mode, stage.max_cycles, stage.max_visits) == (Mode.PARALLEL, 30, 5)
    assert workflow.input_schema is None
    assert workflow.triggers == ()


def test_capabilities_are_off_until_they_are_switched_on() -> None:
    """Rule 2.4: toggles on the assignment, all off by default."""
    assert not any(AssignmentSpec(agent="Ada").can(capability) for capability in Capability)
    assert AssignmentSpec(agent="Ada", capabilities=(Capability.ASK_PEOPLE,)).can(Capability.ASK_PEOPLE)


def test_a_route_is_told_by_its_target() -> None:
    """Rule 3.4: a route leads to a stage, to a workflow, or to the end."""
    stage = ProjectFile.model_validate(project_file()).workflows[0].stages[1]
    assert isinstance(stage.routes["approve"], WorkflowRoute)
    assert stage.routes["reject"] == StageRoute(stage="end")


def test_a_frozen_version_finds_its_agents_and_stages() -> None:
    """Rule 1.2: a version holds all that a run needs."""
    file = ProjectFile.model_validate(project_file())
    version = FrozenVersion(workflow=file.workflows[0], agents=file.agents)
    assert version.agent("Ben").model == "openai:gpt-5-mini"
    assert version.stage_index("Review") == 1
    with pytest.raises(KeyError):
        version.agent("Nobody")
    assert FrozenVersion.model_validate(version.model_dump(mode="json")) == version


def test_on_failure_is_written_as_the_file_writes_it() -> None:
    """Rule 2.8: fail or continue."""
    assert [str(choice) for choice in OnFailure] == ["fail", "continue"]
