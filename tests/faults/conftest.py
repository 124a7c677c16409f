"""The stack whose processes die. FAULTS=all takes every point there is, otherwise a sample is played."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig
from tests.faults.stories import blocks
from tests.runs.play import Play

EVERYTHING = os.environ.get("FAULTS") == "all"


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A stack of two workers, one of which goes on while the other is dead."""
    one = Rig(workers=2, threads=4)
    try:
        yield one.start()
    finally:
        one.stop()


@pytest.fixture
def stories(rig: Rig) -> Play:
    """A new project with the workflows of all stories."""
    return Play(rig.stack, *blocks())
