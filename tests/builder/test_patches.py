"""What changed, kept small: applied, turned round, merged with what others did."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.canonical import block_of
from builder.patches import ClashError, applied, difference, renamed, reorders, stages_in, turned
from builder.spec import WorkflowSpec

Block = dict[str, Any]


def workflow(*stages: Block) -> Block:
    return block_of(WorkflowSpec.model_validate({"name": "W", "stages": stages}))


def stage(name: str, *agents: str, **fields: Any) -> Block:
    return {"name": name, "assignments": [{"agent": agent} for agent in agents], **fields}


BEFORE = workflow(
    stage("A", "Ada", "Ben", "Ada"), stage("B", outcomes=["go"], routes={"go": {"stage": "A"}}), stage("C")
)


def edited(block: Block, do: Any) -> Block:
    fresh = deepcopy(block)
    do(fresh["stages"])
    return fresh


def test_a_patch_leads_there_and_back() -> None:
    """ui.md 4.4: a command and its inverse."""
    after = edited(BEFORE, lambda stages: (stages.pop(2), stages[0]["assignments"].pop(1), stages.reverse()))
    patch = difference(BEFORE, after)
    assert applied(BEFORE, patch) == after
    assert applied(after, turned(patch)) == BEFORE
    assert reorders(patch) and stages_in(patch) == {"A", "C"}


def test_the_order_of_options_counts() -> None:
    """Interfaces 2: options are buttons in an order."""
    hook = {"kind": "approval", "message": "?", "options": {"Yes": None, "No": "go"}}
    before = workflow(stage("A", outcomes=["go"], entry_hooks=[hook]))
    after = deepcopy(before)
    after["stages"][0]["entry_hooks"][0]["options"] = {"No": "go", "Yes": None}
    assert len(difference(before, after)) == 1


def test_what_others_did_elsewhere_stays() -> None:
    """ui.md 4.4: conflicts are per object."""
    mine = edited(BEFORE, lambda stages: stages[0].update(task="Mine"))
    both = edited(mine, lambda stages: stages[1].update(task="Theirs"))
    back = applied(both, turned(difference(BEFORE, mine)))
    assert [one["task"] for one in back["stages"]] == ["", "Theirs", ""]


def test_what_others_did_to_the_same_is_never_taken_away() -> None:
    """ui.md 4.4: undo is refused, and says what it would take away."""
    mine = edited(BEFORE, lambda stages: stages[0].update(task="Mine"))
    theirs = edited(mine, lambda stages: stages[0].update(task="Theirs"))
    with pytest.raises(ClashError) as refused:
        applied(theirs, turned(difference(BEFORE, mine)))
    assert refused.value.at == (("stage", "A", "task"),)


def test_lists_that_two_have_added_to_are_merged() -> None:
    """ui.md 4.4: adding a stage each is no conflict."""
    mine = edited(BEFORE, lambda stages: stages.insert(1, workflow(stage("Mine"))["stages"][0]))
    both = edited(mine, lambda stages: stages.append(workflow(stage("Theirs"))["stages"][0]))
    back = applied(both, turned(difference(BEFORE, mine)))
    assert [one["name"] for one in back["stages"]] == ["A", "B", "C", "Theirs"]
    again = applied(back, difference(BEFORE, mine))
    assert [one["name"] for one in again["stages"]] == ["A", "Mine", "B", "C", "Theirs"]


def test_a_stage_in_which_others_work_is_not_taken_away() -> None:
    """ui.md 4.4: undoing "Added stage" would delete what they put there."""
    mine = edited(BEFORE, lambda stages: stages.append(workflow(stage("Mine"))["stages"][0]))
    worked = edited(mine, lambda stages: stages[3]["assignments"].append(BEFORE["stages"][0]["assignments"][0]))
    with pytest.raises(ClashError):
        applied(worked, turned(difference(BEFORE, mine)))


def test_what_leads_to_a_renamed_stage_follows() -> None:
    """Issue 3: renaming says whom it touches, and touches them."""
    after = renamed(BEFORE, {"A": "First"})
    assert after["stages"][0]["name"] == "First"
    assert after["stages"][1]["routes"] == {"go": {"stage": "First"}}
    assert BEFORE["stages"][0]["name"] == "A"


_stages = st.lists(
    st.builds(
        lambda name, agents, task, outcomes: stage(name, *agents, task=task, outcomes=outcomes),
        st.sampled_from("ABCDE"),
        st.lists(st.sampled_from(["Ada", "Ben"]), max_size=3),
        st.sampled_from(["", "x", "y"]),
        st.lists(st.sampled_from(["go", "stop"]), max_size=2, unique=True),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda block: block["name"],
).map(lambda stages: workflow(*stages))


@settings(max_examples=100, deadline=None)
@given(_stages, _stages)
def test_every_difference_leads_there_and_back(before: Block, after: Block) -> None:
    """ui.md 4.4: whatever was done."""
    patch = difference(before, after)
    assert applied(before, patch) == after
    assert applied(after, turned(patch)) == before
