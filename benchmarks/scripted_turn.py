"""What one turn of the scripted model costs, by itself: `python -m benchmarks.scripted_turn`."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from agents.runtime import turn
from agents.runtime.prompt import Prompt
from agents.runtime.script import Step
from agents.tools import offered

ROUNDS = 2_000


def measure(name: str, once: Callable[[], object]) -> None:
    """Print the mean of many rounds in microseconds."""
    for _ in range(50):
        once()
    started = perf_counter()
    for _ in range(ROUNDS):
        once()
    print(f"{name:<28}{(perf_counter() - started) / ROUNDS * 1e6:>8.0f} µs")


def main() -> None:
    """A first turn with a tool call, a second turn with its result, and what is stored around them."""
    turn.warm_up()
    tools = offered(frozenset({"trigger_workflows"}), (), (), ())
    script = (Step(share={"report": "{{input}}", "score": 7}), Step(say="Done: {{calls.0}}"))
    sleepy = (Step(say="Done.", sleep=0.000_001),)
    values = {"input": "Focus on landing page conversion", "visit": 1, "results": {}}
    prompt = Prompt(perspective="You write.", task="Write.", directive="Be brief.", input=values["input"])
    first = turn.first_messages(prompt)
    answer = turn.take_turn(turn.TurnRequest("scripted", first, tools, 10, script, values))
    results = [(call, {"shared": ["report", "score"]}) for call in answer.calls]
    second = [*first, answer.message, turn.tool_returns(results)]
    measure("first messages", lambda: turn.first_messages(prompt))
    measure(
        "turn with a tool call", lambda: turn.take_turn(turn.TurnRequest("scripted", first, tools, 10, script, values))
    )
    measure("tool returns", lambda: turn.tool_returns(results))
    measure(
        "turn with a final text",
        lambda: turn.take_turn(turn.TurnRequest("scripted", second, tools, 10, script, values)),
    )
    measure(
        "turn by way of the loop",
        lambda: turn.take_turn(turn.TurnRequest("scripted", first, tools, 10, sleepy, values)),
    )


if __name__ == "__main__":
    main()
