"""Which outcomes can be chosen for a stage, which one a visit takes, and how that answers its gates."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from builder.spec import ApprovalHook, Capability, Hook, StageSpec

ERROR = "error"


class Decider(StrEnum):
    """Who decides the outcome of a stage in a dry run: the first that applies, as in any run."""

    GATE = "gate"
    AGENT = "agent"
    FAILURE = "failure"  # only the outcome `error` can be chosen: an agent fails then
    NOBODY = "nobody"


def decider_of(stage: StageSpec) -> Decider:
    """Who decides how `stage` ends."""
    if any(isinstance(hook, ApprovalHook) for hook in stage.exit_hooks):
        return Decider.GATE
    if stage.outcomes and any(one.can(Capability.DECIDE_OUTCOME) for one in stage.assignments):
        return Decider.AGENT
    return Decider.FAILURE if _can_fail(stage) else Decider.NOBODY


def choices(stage: StageSpec) -> list[str]:
    """The outcomes that a plan may choose for `stage`; the first is the default where a gate or an agent decides."""
    decided = [*_gate_outcomes(stage.exit_hooks)]
    if decider_of(stage) is Decider.AGENT:
        decided = list(stage.outcomes)
    decided += [*_gate_outcomes(stage.entry_hooks)]
    if _can_fail(stage):
        decided.append(ERROR)
    return list(dict.fromkeys(decided))


def fails(stage: StageSpec, outcome: str) -> bool:
    """Whether this outcome comes about by an agent that fails: nobody could decide it."""
    return outcome == ERROR and _can_fail(stage) and outcome not in _decided(stage)


def chosen_at(stage: StageSpec, chosen: Sequence[str], visit: int) -> str | None:
    """The outcome that the plan wants of the visit number `visit` (from 1); None where nobody decides."""
    if chosen:
        return chosen[min(visit, len(chosen)) - 1]
    can = choices(stage)
    return can[0] if can and decider_of(stage) in (Decider.GATE, Decider.AGENT) else None


def gate_option(stage: StageSpec, edge: str, index: int, chosen: Sequence[str], visit: int) -> str:
    """The label of the option that answers the gate at `edge` ("entry" or "exit").

    No person chose it, so it may not loop for ever as people may: beyond `max_visits` the options take turns.
    """
    hook = (stage.entry_hooks if edge == "entry" else stage.exit_hooks)[index]
    if not isinstance(hook, ApprovalHook):
        raise TypeError(f"expected an approval hook, got {hook.kind}")
    labels = list(hook.options)
    if visit > stage.max_visits:
        return labels[visit % len(labels)]
    wanted = chosen_at(stage, chosen, visit)
    fitting = [label for label in labels if hook.options[label] == wanted]
    if edge == "exit":
        return (fitting or labels)[0]
    letting_in = [label for label in labels if hook.options[label] is None]
    return ((fitting if wanted not in _decided(stage) else []) or letting_in or labels)[0]


def _can_fail(stage: StageSpec) -> bool:
    return ERROR in stage.outcomes and bool(stage.assignments)


def _decided(stage: StageSpec) -> list[str]:
    """The outcomes that the exit gates or the agents can decide."""
    return list(stage.outcomes) if decider_of(stage) is Decider.AGENT else _gate_outcomes(stage.exit_hooks)


def _gate_outcomes(hooks: Sequence[Hook]) -> list[str]:
    gates = [hook for hook in hooks if isinstance(hook, ApprovalHook)]
    # The answer to the last gate counts.
    return [outcome for outcome in gates[-1].options.values() if outcome is not None] if gates else []
