"""Putting values into text."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.script import Condition, Op
from agents.runtime.values import Rendered, holds, lookup, render

VALUES: dict[str, Any] = {
    "input": {"topic": "Cats", "n": 3},
    "visit": 2,
    "agent": "Ada",
    "results": {"plan": "Grow", "a.b": {"c": 5}, "a": {"d": 1}, "list": [1, {"x": None}], "none": None, "1": "one"},
    "workflows": {"Deploy v1.2": {"result": {"url": "https://x"}}, "Deploy v1": {"2": "no"}, 'a}}"b': {"ok": True}},
    "calls": [{"status": "completed"}, {"status": "failed"}],
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("Deploy {{results.plan}}!", "Deploy Grow!"),
        ("{{ results.plan }}", "Grow"),
        ("{{visit}}", 2),
        ("visit {{visit}}", "visit 2"),
        ("{{results.list}}", [1, {"x": None}]),
        ("see {{results.list}}", 'see [1,{"x":null}]'),
        ("{{results.none}}", None),
        ("is {{results.none}}", "is null"),
        ("{{calls.0.status}} {{calls.1.status}}", "completed failed"),
        ("{{results.1}}", "one"),
        ({"k": ["{{visit}}", {"deep": "{{agent}}"}]}, {"k": [2, {"deep": "Ada"}]}),
        ({"{{agent}}": 1}, {"{{agent}}": 1}),
        (17, 17),
        (None, None),
        ("no places", "no places"),
    ],
)
def test_values_are_put_in(template: Any, value: Any) -> None:
    """Rule 4.1: a text that is one path alone keeps the value's type; elsewhere all but text is compact JSON."""
    assert render(template, VALUES) == Rendered(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("results.a.b.c", 5),
        ("results.a.d", 1),
        ("workflows.Deploy v1.2.result.url", "https://x"),
        ('workflows["Deploy v1.2"].result.url', "https://x"),
        ('workflows["Deploy v1.2"]["result"]["url"]', "https://x"),
        ('workflows["a}}\\"b"].ok', True),
    ],
)
def test_a_name_is_matched_whole_the_longest_first_or_quoted(path: str, value: Any) -> None:
    """Rule 4.1: names may hold dots and spaces; the longest that fits is tried first, and quotes settle it."""
    assert lookup(path, VALUES) == (True, value)
    assert render("{{" + path + "}}", VALUES) == Rendered(value)


@pytest.mark.parametrize(
    "written",
    [
        "nothing",
        "results.missing",
        "results.plan.deeper",
        "calls.2",
        "calls.-1",
        "calls.00",
        "calls.99999999999",
        "7*7",
        "",
        ".",
        "results.",
        'results["plan"]x',
        'results["pla',
        "results.__class__",
        "input.topic.upper()",
    ],
)
def test_what_names_nothing_stays_as_written_and_is_told_once(written: str) -> None:
    """Rule 4.1: dictionary look-ups only; anything else in braces stays, and warns."""
    place = "{{" + written + "}}"
    rendered = render(f"{place} and {place} of {{{{agent}}}}", VALUES)
    assert rendered.value == f"{place} and {place} of Ada"
    assert rendered.unknown == (written,)


def test_what_was_put_in_is_not_expanded_again() -> None:
    """Rule 4.1: one pass."""
    assert render("{{a}} {{b}}", {"a": "{{b}}", "b": "{{a}}"}).value == "{{b}} {{a}}"


def test_braces_around_a_place_stay() -> None:
    """Rule 4.1: JSON written around a place is not taken for a longer place."""
    assert render('{"a":{{visit}}}', VALUES).value == '{"a":2}'
    assert render("{{ not closed {{visit}}", VALUES).value == "{{ not closed 2"


@pytest.mark.parametrize(
    ("path", "op", "value", "answer"),
    [
        ("visit", "eq", 2, True),
        ("visit", "eq", "2", False),
        ("visit", "eq", 2.0, True),
        ("workflows['x']", "eq", None, False),
        ("results.none", "eq", None, True),
        ("results.missing", "eq", None, False),
        ("results.missing", "ne", 1, True),
        ("visit", "ne", 2, False),
        ("visit", "lt", 3, True),
        ("visit", "gt", 3, False),
        ("visit", "gt", "1", False),
        ("results.plan", "lt", "Z", True),
        ("results.plan", "contains", "row", True),
        ("results.list", "contains", 1, True),
        ("results.list", "contains", True, False),
        ("results", "contains", "plan", True),
        ("visit", "contains", 2, False),
        ("results.missing", "exists", None, False),
        ("results.missing", "exists", False, True),
        ("results.none", "exists", True, True),
        ("results.plan", "eq", "{{results.plan}}", True),
    ],
)
def test_conditions_compare_json_values(path: str, op: str, value: Any, answer: bool) -> None:
    """Rule 7.1: a fixed list of operations over look-ups."""
    assert holds(Condition(path=path, op=Op(op), value=value), VALUES) is answer


def test_true_is_not_one() -> None:
    """Rule 7.1: JSON's true and 1 are different values, inside lists and objects too."""
    assert not holds(Condition(path="x", op=Op.EQ, value=1), {"x": True})
    assert not holds(Condition(path="x", op=Op.EQ, value={"a": [1]}), {"x": {"a": [True]}})


@pytest.mark.parametrize(
    "hostile",
    ['{{["{{["]["' * 50_000, "{{a" * 100_000, "{" * 500_000 + "}}", "{{" + "a." * 100_000 + "}}", '{{["\\' * 100_000],
)
def test_a_hostile_template_takes_linear_time(hostile: str) -> None:
    """Rule 4.1: no template can hold a worker up."""
    started = time.perf_counter()
    render(hostile, {"a": {"a": {}}})
    assert time.perf_counter() - started < 120  # quadratic time would be hours


@given(
    st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c), max_leaves=5)
)
def test_any_name_can_be_quoted(name: str, value: Any) -> None:
    """Rule 4.1: whatever a name holds, its quoted form finds it."""
    path = f"results[{json.dumps(name)}]"
    assert render("{{" + path + "}}", {"results": {name: value}}) == Rendered(value)


@given(st.text(alphabet='{}[]"\\. ab'), st.dictionaries(st.text(alphabet="ab. "), st.integers()))
def test_rendering_never_fails(template: str, values: dict[str, int]) -> None:
    """Rule 4.1: it never fails anything."""
    render(template, values)
