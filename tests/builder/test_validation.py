"""Problems: all at once, each with its place, in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from builder.references import Known, names
from builder.validation import MOST_DETAILS, checked_agent, checked_file, checked_workflow, path_text
from projects.errors import Invalid
from tests.builder.made import MAIN, changed, project_file

KNOWN = Known(agents=names(["Ada", "Ben"]), workflows=names(["Main", "Publish", "Report"]))


def _told(check: Any, *args: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        check(*args)
    return {detail.path: detail.message for detail in refused.value.details}


@pytest.mark.parametrize(
    ("loc", "text"),
    [
        (
            ("workflows", 0, "stages", 1, "routes", "approve", "workflow"),
            "workflows[0].stages[1].routes.approve.workflow",
        ),
        (("routes", "needs work", "stage"), 'routes["needs work"].stage'),
        (("routes", "a.b"), 'routes["a.b"]'),
        (("routes", "später"), "routes.später"),
        ((), ""),
    ],
)
def test_a_place_is_written_as_people_write_it(loc: tuple[str | int, ...], text: str) -> None:
    """Interfaces 2: each with its path."""
    assert path_text(loc) == text


def test_problems_of_shape_and_of_reference_are_told_together() -> None:
    """Interfaces 2: refused, all problems at once, each with its path."""
    told = _told(
        checked_file,
        changed(
            project_file(),
            set={
                "project.colour": "red",
                "agents[0].script[0]": {"say": "a", "decide": "b"},
                "workflows[0].stages[0].assignments[0].agent": "Nobody",
                "workflows[0].stages[0].assignments[0].timeout": 0,
                "workflows[0].stages[1].routes.approve.continue_at": "Nowhere",
                "workflows[0].stages[1].exit_hooks[0].deadline.outcome": "late",
                "workflows[1].stages[0].name": "end",
            },
        ),
    )
    assert told == {
        "project.colour": "unknown field",
        "agents[0].script[0]": "a step does one thing; this one says say and decide",
        "workflows[0].stages[0].assignments[0].timeout": "must be at least 1",
        "workflows[0].stages[0].assignments[0].agent": "there is no agent 'Nobody' (there are: Ada, Ben)",
        "workflows[0].stages[1].routes.approve.continue_at": (
            "there is no stage 'Nowhere' (there are: Archive, Draft, Review)"
        ),
        "workflows[0].stages[1].exit_hooks[0].deadline.outcome": (
            "'late' is none of the stage's outcomes (approve, reject, revise)"
        ),
        "workflows[1].stages[0].name": "end is reserved: no stage is called that",
    }


def test_a_block_of_the_api_is_told_with_paths_of_its_own() -> None:
    """Interfaces 5: the body of a workflow is its block."""
    block = changed(MAIN, set={"stages[1].routes.approve.workflow": "Nothing", "stages[2].mode": "swarm"})
    assert _told(checked_workflow, block, KNOWN) == {
        "stages[1].routes.approve.workflow": "there is no workflow 'Nothing' (there are: Main, Publish, Report)",
        "stages[2].mode": "must be one of 'parallel', 'sequence' or 'conversation'",
    }
    assert _told(checked_agent, {"name": "A", "model": ""}) == {"model": "must not be empty"}
    assert _told(checked_agent, []) == {"": "must be an object"}


def test_a_long_list_of_problems_is_cut() -> None:
    """Trust 4.1: the answer to a mebibyte of mistakes can be read."""
    outcomes = [f"o{number}" for number in range(90)]
    stages = [
        {"name": f"S{n}", "outcomes": outcomes, "routes": {o: {"stage": "X"} for o in outcomes}} for n in range(20)
    ]
    with pytest.raises(Invalid) as refused:
        checked_workflow({"name": "A", "stages": stages}, KNOWN)
    assert len(refused.value.details) == MOST_DETAILS + 1
    assert refused.value.details[-1].message == "and more"


@pytest.mark.parametrize("raw", [None, 5, "x", [], {}, {"stages": 5}, {"stages": [5, {"routes": [], "outcomes": {}}]}])
def test_any_shape_is_refused_without_failing(raw: Any) -> None:
    """Interfaces 2: what is no definition at all is told, never an error of ours."""
    assert _told(checked_workflow, raw, KNOWN)
    assert _told(checked_file, {"project": raw, "agents": raw, "workflows": [raw]})
