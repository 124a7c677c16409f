"""The steps of the scripted model as data."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agents.runtime.script import Step

STEPS: list[tuple[dict[str, Any], str]] = [
    ({"say": "Done."}, "say"),
    ({"say": ""}, "say"),
    ({"share": {"plan": None}}, "share"),
    ({"decide": "approve"}, "decide"),
    ({"trigger_workflow": {"workflow": "B", "context": {"a": 1}, "timeout": 0.5}}, "trigger_workflow"),
    ({"call": "start_workflow", "args": {"workflow": "B"}}, "call"),
    ({"together": [{"share": {"a": 1}}, {"decide": "x"}]}, "together"),
    ({"message": "Hello"}, "message"),
    ({"sleep": 1}, "sleep"),
    ({"sleep": 0.5, "say": "Late"}, "say"),
    ({"fail": "rate_limit", "times": 2}, "fail"),
    ({"say": "x", "when": {"path": "visit", "op": "gt", "value": 1}}, "say"),
]


@pytest.mark.parametrize(("written", "verb"), STEPS)
def test_each_step_of_the_table_is_read_and_written_as_it_was(written: dict[str, Any], verb: str) -> None:
    """Interfaces 3: every step; what was not said is not exported."""
    step = Step.model_validate(written)
    assert step.verb == verb
    assert Step.model_validate(step.model_dump(mode="json")) == step
    assert step.model_dump(mode="json", exclude_none=True) == Step.model_validate(written).model_dump(
        mode="json", exclude_none=True
    )
    assert set(step.model_dump(mode="json")) == set(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({}, "a step needs one of"),
        ({"say": "x", "decide": "y"}, "a step does one thing; this one says say and decide"),
        ({"args": {}}, "a step needs one of"),
        ({"say": "x", "args": {}}, "args belong to a call"),
        ({"say": "x", "times": 2}, "times belongs to a fail"),
        ({"together": [{"say": "x"}]}, "together takes tool calls only"),
        ({"together": [{"share": {}, "sleep": 1}]}, "together takes tool calls only"),
        ({"together": []}, "at least 1"),
        ({"fail": "explode"}, "rate_limit"),
        ({"sleep": -1}, "greater than or equal to 0"),
        ({"sleep": "5"}, "valid number"),
        ({"sleep": True}, "valid number"),
        ({"eval": "1+1"}, "Extra inputs"),
        ({"say": "x", "when": {"path": "a", "op": "matches"}}, "'eq'"),
    ],
)
def test_what_is_no_step_is_refused_with_its_reason(written: dict[str, Any], reason: str) -> None:
    """Interfaces 3: one thing a turn."""
    with pytest.raises(ValidationError, match=reason):
        Step.model_validate(written)
