"""How deep workflows may trigger each other, and how often themselves."""

from __future__ import annotations

import pytest

from runs.engine.lineage import Ancestor, check_lineage

IDS = {name: number for number, name in enumerate("ABCDE", start=1)}


def lineage(names: str) -> list[Ancestor]:
    return [Ancestor(IDS[name], name) for name in names]


def refused(names: str, target: str, limit: int = 1) -> str | None:
    refusal = check_lineage(lineage(names), IDS[target], target, limit)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("names", "target", "code"),
    [
        # A root run is depth 0 and may start another at depth 1.
        ("A", "B", None),
        # Depths 0, 1 and 2 run.
        ("AB", "C", None),
        ("ABC", "D", "depth"),
        # Siblings do not count: a parent may trigger the same workflow again and again.
        ("AC", "B", None),
        # Indirect recursion is stopped by the depth alone.
        ("AB", "A", None),
        ("ABA", "B", "depth"),
        ("ABC", "A", "depth"),
        # A at depth 0 may trigger A once.
        ("A", "A", None),
        # The A at depth 1 that was itself triggered by A may not.
        ("AA", "A", "recursion"),
        ("AA", "B", None),
        # An A at depth 1 that B triggered may trigger A once.
        ("BA", "A", None),
        # What counts is the unbroken chain at the end.
        ("ABA", "A", "depth"),
        ("BAA", "A", "recursion"),
        ("AAB", "A", "depth"),
        ("ABB", "B", "recursion"),
        ("ABB", "C", "depth"),
    ],
)
def test_shapes_of_lineages(names: str, target: str, code: str | None) -> None:
    """Rules 6.3 and 6.4: depth is counted from the lineage, recursion from its end."""
    assert refused(names, target) == code


@pytest.mark.parametrize(
    ("names", "target", "limit", "code"),
    [
        ("A", "A", 0, "recursion"),
        ("A", "B", 0, None),
        ("BA", "A", 0, "recursion"),
        ("AB", "A", 0, None),
        ("AA", "A", 2, None),
        ("AAA", "A", 2, "recursion"),
        ("AAA", "A", 5, "depth"),
    ],
)
def test_the_self_trigger_limit_is_a_setting(names: str, target: str, limit: int, code: str | None) -> None:
    """Rule 6.4: 0 refuses at once; however high, the depth limit remains."""
    assert refused(names, target, limit) == code


def test_a_renamed_workflow_is_still_the_same() -> None:
    """Rule 6.4: the lineage holds ids; a name at the time of the start does not hide a loop."""
    chain = [Ancestor(1, "Old name"), Ancestor(1, "Old name")]

    refusal = check_lineage(chain, 1, "New name", 1)

    assert refusal is not None
    assert refusal.code == "recursion"


def test_the_agent_is_told_the_limit_and_nothing_of_its_ancestors() -> None:
    """Rules 6.3 and 5.6: the chain of names is in the detail for people only."""
    refusal = check_lineage(lineage("ABC"), IDS["D"], "D", 1)

    assert refusal is not None
    assert refusal.message == "depth limit exceeded (limit 3)"
    assert "A > B > C > D" in refusal.detail


def test_recursion_has_its_own_message() -> None:
    """Rule 6.4: it names the workflow that the agent asked for, which it knows, and no other."""
    refusal = check_lineage(lineage("BAA"), IDS["A"], "A", 1)

    assert refusal is not None
    assert "a workflow cannot keep triggering itself" in refusal.message
    assert "B" not in refusal.message
    assert "B > A > A > A" in refusal.detail
