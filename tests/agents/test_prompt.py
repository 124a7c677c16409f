"""What an agent is told, in which order, and what it is never told."""

from __future__ import annotations

from dataclasses import fields

from agents.runtime.limits import PROMPT_VALUE
from agents.runtime.prompt import EarlierStage, Prompt, compose
from agents.runtime.turn import ToolSpec, first_messages

FULL = Prompt(
    role="Conversion specialist",
    perspective="You improve landing pages.",
    task="Find the weakest page.",
    directive="Use fresh analytics.",
    input={"site": "example.org"},
    earlier=(EarlierStage("Draft", ("Writer: a first text", "Critic: too long")), EarlierStage("Empty", ("",))),
    results={"plan": {"raise": 3}, "name": "plain"},
    hooks={"decision": {"option": "Approve"}},
    workflows={"Analyze Website": {"status": "completed"}},
    tools=(ToolSpec("share_results", "…", {}), ToolSpec("trigger_workflow", "…", {})),
    share=("plan",),
)


def test_the_parts_come_in_order() -> None:
    """Rule 2.3: perspective, task, directive, input, earlier results and summaries, tools."""
    system, user = compose(FULL)
    told = f"{system}\n{user}"
    order = [
        "Conversion specialist",
        "You improve landing pages.",
        "Find the weakest page.",
        "Use fresh analytics.",
        '{"site":"example.org"}',
        "Writer: a first text",
        "Critic: too long",
        '- plan: {"raise":3}',
        "- name: plain",
        '- decision: {"option":"Approve"}',
        '- Analyze Website: {"status":"completed"}',
        "share_results, trigger_workflow",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    assert "Empty" not in told


def test_what_came_from_outside_is_never_in_the_system_text() -> None:
    """Principle 6: input, results and texts of others are material, not instructions."""
    system, _ = compose(FULL)
    assert system.endswith("Use fresh analytics.")


def test_empty_parts_are_left_out() -> None:
    """Rule 2.3: an agent with nothing but a task gets nothing but a task; the model gets something to answer to."""
    assert compose(Prompt(task="Write.")) == ("## Task of this stage\nWrite.", "Begin.")
    assert compose(Prompt(input=None)) == ("", "Begin.")


def test_a_prompt_knows_no_parent() -> None:
    """Rule 5.6: the child does not know that it was triggered."""
    assert {field.name for field in fields(Prompt)}.isdisjoint({"parent", "origin", "depth", "lineage", "caller"})


def test_one_huge_value_does_not_push_out_the_rest() -> None:
    """Rule 6.5: a value of a megabyte is cut in a prompt, visibly."""
    _, user = compose(Prompt(results={"huge": "x" * 1_000_000, "small": "seen"}))
    assert len(user) < PROMPT_VALUE + 1_000
    assert "cut at 100,000 of 1,000,000 characters" in user
    assert "- small: seen" in user


def test_what_is_sent_is_kept() -> None:
    """Rule 2.3: the stored first message holds the very texts."""
    (message,) = first_messages(FULL)
    system, user = compose(FULL)
    assert [(part["part_kind"], part["content"]) for part in message["parts"]] == [
        ("system-prompt", system),
        ("user-prompt", user),
    ]
