"""A process dies (kill -9) at a named point, and everything ends as if it had not (behaviour.md 11.3)."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.faults.conftest import EVERYTHING
from tests.faults.rig import Rig, Told
from tests.faults.stories import STORIES, blocks
from tests.runs.play import Play

pytestmark = pytest.mark.faults
Json = Any

# Story, point, and what dies there.
SAMPLE = [
    ("family", "claim.after@1"),  # claimed, nothing asked yet
    ("family", "model.answered@2"),  # answered, not stored
    ("family", "child.created@1"),  # inside the commit that creates a child
    ("family", "answer.stored@2"),  # a child and the wait for it are committed, nobody has taken the child up
    ("family", "claim.after@7"),  # inside the child that runs on inline
    ("family", "run.ended@1"),  # inside the commit that ends a grandchild and wakes its parent
    ("family", "parent.woken@2"),  # the child's end and the parent's wake-up are committed
    ("family", "tools.run@1"),  # tools have run, their results are not recorded
    ("family", "child.created@3"),  # inside the commit in which an outcome leads to a workflow
    ("thinks", "lease.renewed@2"),  # while a model thinks
    ("asked", "run.committed@1"),  # the server that accepted a start
    ("asked", "gate.answered@1"),  # the server that took an answer
    ("times_out", "wait.resolved@1"),  # the scheduler that ended a wait
    ("cancelled", "cancel.committed@1"),  # the server that cancelled a parent, before its child
]
# An answer that is lost with its worker before it is committed has to be asked for once more; no other ever is.
LOSES_AN_ANSWER = ("model.answered", "child.created", "run.ended")
# How often a lease is renewed depends on how long things take; and whether a worker goes on with the child that it just
# started or with a colleague of the caller depends on whether another worker has taken that one up.
DEPENDS_ON_TIME = ("lease.renewed", "parent.woken")


class _Clean:
    """How each story goes when nobody dies: what it tells, and which points it hits."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.of = cache(self._of)

    def _of(self, story: str) -> tuple[Told, list[str]]:
        self._rig.plan()
        play = Play(self._rig.stack, *blocks())
        told = Told.of(play, STORIES[story](play))
        hits = self._rig.hits()
        assert hits, "no crash point was hit"
        return told, hits


@pytest.fixture(scope="module")
def clean(rig: Rig) -> _Clean:
    """The clean runs of this stack, each played once."""
    return _Clean(rig)


def _play(rig: Rig, play: Play, story: str, *points: str, action: str = "kill9") -> Told:
    rig.plan(*points, action=action)
    told = Told.of(play, STORIES[story](play))
    rig.until_well()
    rig.check()
    return told


@pytest.mark.parametrize(("story", "point"), SAMPLE, ids=[f"{story} {point}" for story, point in SAMPLE])
def test_a_death_changes_nothing(rig: Rig, stories: Play, clean: _Clean, story: str, point: str) -> None:
    """Rule 11.3: it ends by itself, with the same results, children, turns and events as a clean run."""
    expected, hits = clean.of(story)
    told = _play(rig, stories, story, point)

    assert rig.fired() == {point}
    assert told == expected
    assert _asked(rig.hits()) == _asked(hits) + (point.split("@")[0] in LOSES_AN_ANSWER)


def _asked(hits: list[str]) -> int:
    return Counter(hit.split("@")[0] for hit in hits)["model.answered"]


def test_a_fault_that_is_raised_costs_no_more_than_a_death(rig: Rig, stories: Play, clean: _Clean) -> None:
    """Rule 11.3: a worker that goes on after an unforeseen error leaves its claim to lapse."""
    expected, _ = clean.of("family")
    told = _play(rig, stories, "family", "claim.after@2", action="raise")

    assert rig.fired() == {"claim.after@2"}
    assert told == expected


def test_two_deaths_change_nothing(rig: Rig, stories: Play, clean: _Clean) -> None:
    """Rule 11.3: the second one during recovery."""
    expected, _ = clean.of("family")
    plan = {"answer.stored@3", "claim.after@5"}
    told = _play(rig, stories, "family", *plan)

    assert rig.fired() == plan
    assert told == expected


if EVERYTHING:

    @pytest.mark.parametrize("story", STORIES)
    def test_a_death_at_any_point_changes_nothing(rig: Rig, clean: _Clean, story: str) -> None:
        """Rule 11.3: every hit of a clean run, one after the other."""
        expected, hits = clean.of(story)
        for point in dict.fromkeys(hits):
            told = _play(rig, Play(rig.stack, *blocks()), story, point)
            assert told == expected, point
            assert rig.fired() == {point} or point.startswith(DEPENDS_ON_TIME), point

    @pytest.mark.parametrize("seed", range(20))
    def test_deaths_at_any_points_change_nothing(rig: Rig, stories: Play, clean: _Clean, seed: int) -> None:
        """Rule 11.3: three deaths by chance; the seed is the name of the test."""
        expected, hits = clean.of("family")
        points = random.Random(seed).sample([point for point in hits if not point.startswith("lease")], 3)
        told = _play(rig, stories, "family", *points)

        missed = set(points) - rig.fired()
        assert all(point.startswith(DEPENDS_ON_TIME) for point in missed)
        assert told == expected
