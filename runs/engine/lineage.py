"""Who triggered whom: the depth limit and the self-triggering limit, from the lineage that the server keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from runs.engine.limits import DEPTH


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One run of a lineage, root first, the asking run last."""

    workflow_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a start was refused: `message` for the agent, `detail` (with the chain of names) for people."""

    code: str
    message: str
    detail: str


def check_lineage(lineage: Sequence[Ancestor], workflow_id: int, name: str, self_limit: int) -> Refusal | None:
    """Refuse a start that would be too deep, or one more of a workflow that keeps triggering itself.

    `lineage` holds the asking run and its ancestors; a root run that asks has a lineage of one.
    """
    chain = " > ".join([*(ancestor.name for ancestor in lineage), name])
    same = sum(1 for _ in takewhile(lambda ancestor: ancestor.workflow_id == workflow_id, reversed(lineage)))
    if same > self_limit:
        message = f"a workflow cannot keep triggering itself ({name})"
        return Refusal("recursion", message, f"{message}: {chain}")
    if len(lineage) >= DEPTH:
        message = f"depth limit exceeded (limit {DEPTH})"
        return Refusal("depth", message, f"{message}: {chain}")
    return None
