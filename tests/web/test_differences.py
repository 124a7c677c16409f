"""What changed, in words: pure functions over blocks of the project file."""

from __future__ import annotations

from typing import Any

import pytest

from builder.canonical import block_of
from builder.pages.differences import between
from builder.pages.text_diff import text_diff
from builder.spec import WorkflowSpec

Json = Any
APPROVAL: Json = {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": {"Yes": "good"}}


def block(*stages: Json, **more: Json) -> Json:
    """A workflow's block, defaults included."""
    return block_of(WorkflowSpec.model_validate({"name": "Flow", "stages": list(stages), **more}))


def stage(name: str = "Draft", **more: Json) -> Json:
    """A stage's block."""
    return {"name": name, **more}


def told(before: Json, after: Json, **renames: str) -> list[str]:
    """The changes, a line each: "Changed Stage: Draft | Task: -old +new"."""
    return [
        " | ".join([f"{change['did']} {change['title']}", *(_field(field) for field in change["fields"])])
        for change in between(before, after, renames)
    ]


def _field(field: Json) -> str:
    pieces = field.get("words") or field.get("lines") or field.get("entries")
    if pieces is None:
        return f"{field['label']}: {field['was']} → {field['now']}"
    return f"{field['label']}: " + " ".join(f"{piece['sign']}{piece['text'].strip()}" for piece in pieces)


def test_the_same_is_no_change() -> None:
    """Nothing is told where nothing changed."""
    assert between(block(stage()), block(stage())) == []


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ({"task": "Write it well."}, {"task": "Write it short."}, "Task: Write it -well. +short."),
        ({"task": ""}, {"task": "Write."}, "Task: +Write."),
        ({"mode": "parallel"}, {"mode": "conversation"}, "Mode: All at the same time → Round table"),
        ({"max_cycles": 30}, {"max_cycles": 4}, "Max cycles: 30 → 4"),
        ({"max_visits": 5}, {"max_visits": 1}, "Loop guard (max visits): 5 → 1"),
        ({"outcomes": ["a", "b"]}, {"outcomes": ["b", "c"]}, "Outcomes: -a +c"),
        ({"outcomes": ["a", "b"]}, {"outcomes": ["b", "a"]}, "Outcomes, their order: a, b → b, a"),
        (
            {"outcomes": ["a"], "default_outcome": "a"},
            {"outcomes": ["a"], "default_outcome": None},
            "Default outcome: a → ",
        ),
    ],
)
def test_a_field_is_told_by_the_label_of_its_form(was: Json, now: Json, words: str) -> None:
    """Issue 3, Safety: fields by their form labels, texts by words."""
    assert told(block(stage(**was)), block(stage(**now))) == [f"Changed Stage: Draft | {words}"]


def test_a_route_is_told_as_the_outline_tells_it() -> None:
    """Where an outcome leads: a stage, a workflow and where it continues, the end, or nothing special."""

    def routed(**route: Json) -> Json:
        return block(stage(outcomes=["go"], routes={"go": route} if route else {}), stage("Last"))

    call = {"workflow": "Other", "continue_at": "end"}
    assert told(routed(), routed(stage="Last")) == ["Changed Stage: Draft | go goes to: Next stage → Last"]
    assert told(routed(stage="Last"), routed(**call, input="Hi.")) == [
        "Changed Stage: Draft | go goes to: Last → Other, then End the workflow | go: Input: +Hi."
    ]
    assert told(routed(**call), routed(**call, timeout=600)) == ["Changed Stage: Draft | go: Time limit:  → 10 minutes"]
    assert told(routed(**call), routed()) == [
        "Changed Stage: Draft | go goes to: Other, then End the workflow → Next stage"
    ]


def test_an_assignment_is_told_with_the_names_of_its_switches() -> None:
    """Exact labels: Trigger Workflows, Decides outcome, Asks people, Subagents."""
    before = block(stage(assignments=[{"agent": "Ada", "capabilities": ["ask_people"]}]))
    changed = {"agent": "Ada", "capabilities": ["trigger_workflows"], "trigger_timeout": 600, "workflow_tools": True}
    assert told(before, block(stage(assignments=[changed]))) == [
        "Changed Assignment: Ada on Draft | Capabilities: -Asks people +Trigger Workflows"
        " | Wait for a triggered workflow: 5 minutes → 10 minutes | Offer as separate tools: Off → On"
    ]


def test_who_came_and_went_and_the_order_of_who_stayed() -> None:
    """Assignments that are added or removed are told once; a new order is told on the stage."""
    ada, ben = {"agent": "Ada"}, {"agent": "Ben", "directive": "Be brief."}
    assert told(block(stage(assignments=[ada])), block(stage(assignments=[ada, ben]))) == [
        "Added Assignment: Ben on Draft | Directive: +Be brief."
    ]
    assert told(block(stage(assignments=[ada, ben])), block(stage(assignments=[ada]))) == [
        "Removed Assignment: Ben on Draft | Directive: -Be brief."
    ]
    assert told(block(stage(assignments=[ada, ben])), block(stage(assignments=[ben, ada]))) == [
        "Changed Stage: Draft | Assignments, their order: Ada, Ben → Ben, Ada"
    ]


def test_stages_that_came_went_and_moved() -> None:
    """Issue 3, Safety: stages added, removed, moved. What a new stage has by default is not told."""
    before = block(stage("One"), stage("Two"), stage("Three"))
    after = block(stage("Three"), stage("One"), stage("New", task="Do it."))
    assert told(before, after) == [
        "Changed Stages | Which there are, and their order: -Two +New, as stage 3 ~Three moved from 3 to 1",
        "Removed Stage: Two",
        "Added Stage: New | Task: +Do it.",
    ]


def test_a_renamed_stage_is_one_stage() -> None:
    """And what leads to it has not changed by that."""
    before = block(stage("One", outcomes=["back"], routes={"back": {"stage": "One"}}))
    after = block(stage("Uno", outcomes=["back"], routes={"back": {"stage": "Uno"}}, task="Now."))
    assert told(before, after, One="Uno") == ["Changed Stage: Uno | Name: -One +Uno | Task: +Now."]


def test_hooks_are_known_by_kind_and_name() -> None:
    """What came and went, and what changed inside those that stayed."""
    before = block(stage(outcomes=["good", "bad"], exit_hooks=[APPROVAL]))
    asked = {**APPROVAL, "options": {"Yes": "good", "No": "bad"}, "quorum": 2}
    wait = {"kind": "wait", "seconds": 60}
    assert told(before, block(stage(outcomes=["good", "bad"], exit_hooks=[asked, wait]))) == [
        "Changed Stage: Draft | Exit hooks: +Wait"
        " | Exit hook, Approval (blocking) “Sign off”: Options: +No: bad"
        " | Exit hook, Approval (blocking) “Sign off”: How many must agree: 1 → 2"
        " | Exit hook, Wait: Seconds:  → 60"
    ]
    assert told(before, block(stage(outcomes=["good", "bad"]))) == [
        "Changed Stage: Draft | Exit hooks: -Approval (blocking) “Sign off”"
    ]


def test_json_is_told_by_its_lines() -> None:
    """Issue 3, Safety: JSON pretty, with what stayed the same left out."""
    properties = {f"field{number}": {"type": "string"} for number in range(20)}
    before = block(stage(), input_schema={"type": "object", "properties": properties})
    more = {**properties, "field9": {"type": "integer"}}
    [change] = between(before, block(stage(), input_schema={"type": "object", "properties": more}))
    [field] = change["fields"]
    assert (change["title"], field["label"]) == ("Workflow", "Input schema")
    changed = [line for line in field["lines"] if line["sign"] in ("-", "+")]
    assert [line["text"].strip() for line in changed] == ['"type": "string"', '"type": "integer"']
    assert len(field["lines"]) < 10
    assert {"sign": "…", "text": "29 unchanged lines"} in field["lines"]


def test_a_workflow_that_was_not_there_is_all_added() -> None:
    """The first revision, compared with nothing."""
    shown = told(None, block(stage(task="Write."), description="Ours."))
    assert "Added Stage: Draft | Task: +Write." in shown


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_long_texts_are_compared_by_lines_in_bounded_time(size: int) -> None:
    """A text may have 1 MiB: what is too much is left out, with a word."""
    was = "\n".join(f"line {number}" for number in range(size))
    found = text_diff(was, was.replace("line 5\n", "another\n"))
    assert {"sign": "-", "text": "line 5"} in found["lines"]
    assert {"sign": "+", "text": "another"} in found["lines"]
    assert len(found["lines"]) < 20


def test_changes_beyond_what_is_compared_are_not_told_as_none() -> None:
    """Where only the rest of a long text differs, that is said."""
    same = "\n".join(f"line {number}" for number in range(10_000))
    found = text_diff(f"{same}\nold", f"{same}\nnew")
    assert any("not compared" in piece["text"] for piece in found["lines"])
