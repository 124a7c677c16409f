"""Which stages a page that shows edit N has to be told of anew: their cards, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from builder import patches
from builder.canonical import stages_named
from builder.models import Edit
from builder.spec import WorkflowSpec

_MOST_EDITS = 50  # behind by more than this everything comes


@dataclass(frozen=True)
class Changed:
    """Stages by the names that they have now.

    `cards`: something in them, or the name of what they lead to, is new; `drawn`: these, and those that stand elsewhere
    or are followed by another stage. `listed`: there are other stages or another order; `renamed`: one has another
    name; `beyond`: the page is too far behind for all this, and needs everything.
    """

    cards: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)
    listed: bool = False
    renamed: bool = False
    beyond: bool = False


def changed_since(number: int, edits: Sequence[Edit], spec: WorkflowSpec) -> Changed:
    """What `edits`, all after edit `number`, oldest first, have changed in what is `spec` now."""
    if not edits:
        return Changed()
    cards, drawn, renamed = set[str](), set[str](), set[str]()
    for edit in edits:
        renamed = {edit.renames.get(name, name) for name in renamed} | set(edit.renames.values())
        cards = {edit.renames.get(name, name) for name in cards} | patches.stages_inside(edit.patch)
        drawn = {edit.renames.get(name, name) for name in drawn} | patches.stages_in(edit.patch)
        drawn |= patches.followed_anew(edit.patch)
    if renamed:
        cards |= renamed | {stage.name for stage in spec.stages if not renamed.isdisjoint(stages_named(stage))}
    return Changed(
        cards=cards,
        drawn=drawn | cards,
        listed=any(patches.reorders(edit.patch) for edit in edits),
        renamed=bool(renamed),
        beyond=len(edits) > _MOST_EDITS or edits[0].number != number + 1,
    )
