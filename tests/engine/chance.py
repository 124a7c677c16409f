"""Small random definitions and turns for the model of the machine."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from runs.engine import facts
from runs.engine.draft import Definition
from tests.engine.definitions import approval, definition, on, stage, to_stage, to_workflow
from tests.engine.world import Refusals

Json = Any
Answer = str | list[str]
LABELS = ("a", "b", "error")
REFUSED: Refusals = {"Gone": ("workflow 'Gone' not found", None)}


@st.composite
def _assignments(draw: st.DrawFn) -> list[Json]:
    return [
        on(
            name,
            retries={"attempts": draw(st.integers(1, 2)), "backoff": draw(st.sampled_from([0, 1]))},
            fallback_agent=draw(st.sampled_from([None, "Zoe"])),
            last_resort=draw(st.sampled_from([None, "Call us."])),
            on_failure=draw(st.sampled_from(["fail", "continue"])),
        )
        for name in draw(st.sampled_from([[], ["Ada"], ["Ada", "Ben"], ["Ada", "Ben"], ["Ada", "Ada", "Ben"]]))
    ]


@st.composite
def _gates(draw: st.DrawFn, outcomes: list[str]) -> list[Json]:
    """No gate or one. An option without an outcome is always there, so that people can let any run end."""
    if draw(st.integers(0, 2)):
        return []
    deadline: Json = draw(st.sampled_from([None, {"after": 60, "outcome": None}]))
    if deadline and outcomes:
        deadline["outcome"] = draw(st.sampled_from([None, *outcomes]))
    options = {"Go on": None, **{label.upper(): label for label in outcomes}}
    quorum, reminders = draw(st.sampled_from([1, 1, 2])), draw(st.sampled_from([[], [10, 20]]))
    return [approval(options, deadline=deadline, quorum=quorum, reminders=reminders)]


@st.composite
def _routes(draw: st.DrawFn, outcomes: list[str], places: list[str]) -> dict[str, Json]:
    routes = {}
    for outcome in outcomes:
        place, kind = draw(st.sampled_from(places)), draw(st.sampled_from(["none", "stage", "Deploy", "Gone"]))
        if kind != "none":
            routes[outcome] = to_stage(place) if kind == "stage" else to_workflow(kind, then=place)
    return routes


@st.composite
def workflows(draw: st.DrawFn) -> Definition:
    """Two to four stages of both modes, with gates, outcomes and routes to anywhere, loops included."""
    names = [f"S{number}" for number in range(draw(st.integers(2, 4)))]
    stages = []
    for name in names:
        outcomes = draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=3))
        block = stage(
            name,
            *draw(_assignments()),
            mode=draw(st.sampled_from(["parallel", "sequence"])),
            max_visits=draw(st.integers(1, 3)),
            outcomes=outcomes,
            default_outcome=draw(st.sampled_from([None, *outcomes])),
            routes=draw(_routes(outcomes, [*names, "end"])),
            entry_hooks=draw(_gates(outcomes)),
            exit_hooks=draw(_gates(outcomes)),
        )
        stages.append(block)
    return definition(*stages)


def _act(kind: str, index: int, call: str) -> facts.Act:
    match kind:
        case "share":
            return facts.Share(index, {"plan": index})
        case "reply":
            return facts.Reply(index, {"error": "off"})
        case "pending":
            return facts.Pending(index)
        case "wait":
            return facts.Trigger(index, call, "Report", waits=True, timeout=60, run_id=f"child of {call}")
        case "start":
            return facts.Trigger(index, call, "Report", waits=False, run_id=f"child of {call}")
        case "refused":
            return facts.Trigger(index, call, "Report", waits=True, refusal="depth limit exceeded (limit 3)")
        case "ask":
            return facts.Ask(index, call, "Which?", options=("One", "Two") if index else (), timeout=60)
    return facts.Decide(index, kind)


# What a worker may bring: a final text, tool calls in call order, or what went wrong.
TOOLS = st.lists(
    st.sampled_from(["wait", "wait", "ask", "start", "refused", "share", "reply", "pending", *LABELS, "wrong"]),
    min_size=1,
    max_size=3,
)
ANSWERS = st.one_of(
    st.sampled_from(["say", "say", "message", "fail", "fail", "refuse", "give back"]),
    TOOLS,
    TOOLS,
)


def brought(answer: Answer, agent: str, epoch: int, turn: int) -> facts.Fact:
    """The fact that a worker brings, which held the agent at `epoch` and took turn number `turn`."""
    match answer:
        case "say":
            return facts.TurnTaken(agent, epoch, "text", turn=turn)
        case "message":
            return facts.TurnTaken(agent, epoch, "hello", message=True, turn=turn)
        case "fail":
            return facts.TurnFailed(agent, epoch, True, "timeout", "no answer", has_spare_model=turn % 2 == 0)
        case "refuse":
            return facts.TurnFailed(agent, epoch, False, "bad_request", "refused")
        case "give back":
            return facts.Released(agent, epoch)
    acts = tuple(_act(kind, index, f"{agent}/{turn}/{index}") for index, kind in enumerate(answer))
    return facts.TurnTaken(agent, epoch, None, acts, tuple(answer), last=turn % 2 == 0, turn=turn)
