"""The state in which a re-run begins, made from what an old run did: its visits, its log, its answered gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from builder.spec import FrozenVersion, StageSpec
from runs.engine.beside import Again, Restart
from runs.engine.gates import gate_output
from runs.engine.results import narrative
from runs.engine.state import RunState, Values

Json = Any


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of the old run to a stage, and what its agents said, in position order."""

    entry: int
    name: str
    position: int
    texts: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class OldRun:
    """What the old run did before the stage at which the new one begins.

    `log` are the kinds and data of its events, in order; `answers` the answers of its gates by key
    ("ENTRY/EDGE/INDEX"); `known` the workflows that its values named in the end; `start` what it began with itself.
    """

    frozen: FrozenVersion
    visits: Sequence[Visit]
    log: Iterable[tuple[str, Json]]
    answers: Mapping[str, Json]
    known: frozenset[str]
    start: Values


def first_entry(visits: Sequence[Visit], stage: str) -> int:
    """The number of the latest visit to a stage; where there was none, the one after all visits."""
    last = max((visit.entry for visit in visits), default=0)
    return max((visit.entry for visit in visits if visit.name == stage), default=last + 1)


def kept_positions(visits: Iterable[Visit], frozen: FrozenVersion) -> dict[int, int]:
    """Visit -> index of its stage in the version that the new run executes; visits to stages that are gone are left
    out."""
    indexes = {stage.name: index for index, stage in enumerate(frozen.workflow.stages)}
    return {visit.entry: indexes[visit.name] for visit in visits if visit.name in indexes}


def values_before(old: OldRun) -> Values:
    """What the old run knew when the stage began, at which the new one begins."""
    values = replace(old.start)
    for kind, data in old.log:
        if kind == "results.shared":
            values = replace(values, results={**values.results, **data["results"]})
        elif kind == "workflow.returned" and data["workflow"] in old.known:
            back = {name: value for name, value in data.items() if name not in ("workflow", "key")}
            values = replace(values, workflows={**values.workflows, data["workflow"]: back})
    said = [text for visit in old.visits if (text := narrative(visit.texts)) is not None]
    return replace(
        values,
        hooks={**values.hooks, **_hook_outputs(old)},
        narrative=said[-1] if said else values.narrative,
    )


def _hook_outputs(old: OldRun) -> dict[str, Json]:
    found: dict[str, Json] = {}
    stages = {visit.entry: old.frozen.workflow.stages[visit.position] for visit in old.visits}
    for key, answer in sorted(old.answers.items(), key=lambda item: _gate_order(item[0])):
        entry, edge, index = key.split("/")
        hooks = _hooks(stages.get(int(entry)), edge)
        output_key = hooks[int(index)].output_key if int(index) < len(hooks) else None
        if output_key:
            found[output_key] = gate_output(answer)
    return found


def _gate_order(key: str) -> tuple[int, bool, int]:
    entry, edge, index = key.split("/")
    return int(entry), edge == "exit", int(index)


def _hooks(stage: StageSpec | None, edge: str) -> Sequence[Any]:
    if stage is None:
        return ()
    return stage.entry_hooks if edge == "entry" else stage.exit_hooks


def starting_state(
    value: Json, positions: Mapping[int, int], entry: int, stage: int, values: Values, again: tuple[Again, ...] = ()
) -> RunState:
    """A queued run that begins at `stage` (an index) as its visit `entry`, with the visits before it kept.

    `positions` are the kept visits, `value` is the run's input. Kept visits count for the loop guard.
    """
    visits: dict[str, int] = {}
    for position in positions.values():
        visits[str(position)] = visits.get(str(position), 0) + 1
    last = positions[max(positions)] if positions else -1
    return RunState(
        input=value, entry=entry - 1, stage=last, visits=visits, values=values, restart=Restart(stage, again)
    )
