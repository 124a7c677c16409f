"""What is made of a stage's definition, once: an edit leaves most stages as they are, and their objects go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Generic, TypeVar
from weakref import ref

from builder.spec import StageSpec

T = TypeVar("T")


class PerStage(Generic[T]):
    """What `make` makes of a stage, kept as long as that object is. Specs never change; nor may what is kept."""

    def __init__(self, make: Callable[[StageSpec], T]) -> None:
        self._make = make
        self._kept: dict[int, tuple[ref[StageSpec], T]] = {}
        update_wrapper(self, make)

    def __call__(self, stage: StageSpec) -> T:
        """What was made of this stage, or is made now."""
        key = id(stage)
        kept = self._kept.get(key)
        if kept is not None:  # it goes with the object, before another one can have its id
            return kept[1]
        made = self._make(stage)
        self._kept[key] = (ref(stage, lambda _: self._kept.pop(key, None)), made)
        return made
