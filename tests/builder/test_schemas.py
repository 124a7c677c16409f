"""JSON Schemas of inputs and results."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.schemas import misfits, schema_problems

TREE: dict[str, Any] = {
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}


def test_what_does_not_fit_is_told_with_its_field_and_reason() -> None:
    """Rule 1.5: input that does not fit is refused with the field and the reason."""
    schema = {
        "type": "object",
        "properties": {"topic": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["topic", "tone"],
    }
    found = [(detail.path, detail.message) for detail in misfits(schema, {"topic": 5, "tags": ["a", 1]}, at="input")]
    assert found == [
        ("input", "'tone' is a required property"),
        ("input.tags[1]", "1 is not of type 'string'"),
        ("input.topic", "5 is not of type 'string'"),
    ]
    assert misfits(schema, {"topic": "Cats", "tone": "kind"}) == []


def test_a_value_may_be_as_deep_as_its_schema_allows() -> None:
    """Rule 1.5: schemas that refer to themselves further down are finite for every value."""
    assert list(schema_problems(TREE)) == []
    assert misfits(TREE, {"next": {"next": {}}}) == []
    assert [detail.path for detail in misfits(TREE, {"next": {"next": 1}})] == ["next.next"]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"if": {"not": {"$ref": "#/if"}}},
        {"$defs": {"a": {"$anchor": "here", "anyOf": [{"$ref": "#here"}]}}},
        {"$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(150)} | {"d150": {}}},
    ],
)
def test_references_that_would_never_end_are_refused(schema: dict[str, Any]) -> None:
    """Interfaces 2: nothing that a user wrote can take for ever."""
    assert any("circle" in message for _, message in schema_problems(schema))


def test_a_schema_made_to_be_slow_gives_up_with_a_word() -> None:
    """Trust 4.1: exponential references are told, not waited for."""
    bomb: dict[str, Any] = {"$defs": {"d0": {"type": "integer"}}, "$ref": "#/$defs/d40"}
    for level in range(1, 41):
        bomb["$defs"][f"d{level}"] = {"anyOf": [{"$ref": f"#/$defs/d{level - 1}"}] * 2}
    # Without a bound this would take 2 to the power of 40 steps: that it answers at all is the proof.
    assert list(schema_problems(bomb)) == []
    assert [detail.message for detail in misfits(bomb, "text")] == ["the schema is too costly to check this value"]


def test_unique_items_take_linear_time() -> None:
    """Trust 4.1: a mebibyte of distinct objects is compared at once."""
    items = [{"n": number} for number in range(50_000)]
    started = time.perf_counter()
    assert misfits({"uniqueItems": True}, items) == []
    assert misfits({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}]) != []
    assert misfits({"uniqueItems": True}, [1, True]) == []
    assert time.perf_counter() - started < 120  # quadratic time would be hours


def test_a_property_may_be_called_pattern() -> None:
    """Interfaces 2: only the keyword is refused."""
    assert list(schema_problems({"properties": {"pattern": {"const": {"pattern": "("}}}})) == []
    assert [loc for loc, _ in schema_problems({"propertyNames": {"pattern": "a"}})] == [("propertyNames", "pattern")]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda c: (
            st.lists(c)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "$ref", "allOf", "properties", "$defs", "not", "items", "pattern", "enum", "$id", "a"]
                ),
                c,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_judged_without_failing(schema: Any) -> None:
    """Interfaces 2: a schema that is none is refused, never an error of ours."""
    if list(schema_problems(schema)):
        return
    misfits(schema, {"a": [1, "x"]})
