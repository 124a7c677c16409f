"""Workflows that this version cannot run, and agents that have no model: a clear word, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runs.casting import (
    CALLER,
    Block,
    agent,
    call,
    routed,
    say,
    simple,
    stage,
    to_workflow,
    trigger,
    workflow,
)
from tests.runs.play import Play, codes, problem

New = Callable[..., Play]


def _needs() -> dict[str, Block]:
    """One workflow for each thing that is not run yet, all called Needy."""
    hooks = {
        "http": {"kind": "http", "method": "GET", "url": "https://example.com"},
        "message": {"kind": "telegram", "to": "1", "message": "Hello"},
        "wait": {"kind": "wait", "seconds": 1},
        "event": {"kind": "event", "type": "paid"},
        "workflow hook": {"kind": "workflow", "workflow": "Plain"},
    }
    stages = {
        "conversation": stage("Talk", agent("Ada", say("Hello.")), mode="conversation"),
        "workflow tools": stage("Work", agent("Ada", can=CALLER, workflow_tools=True)),
        "subagents": stage("Work", agent("Ada", can=("use_subagents",))),
        **{name: stage("Hook", entry_hooks=[hook]) for name, hook in hooks.items()},
    }
    return {name: workflow("Needy", one) for name, one in stages.items()}


@pytest.mark.parametrize("needy", _needs().values(), ids=_needs())
def test_what_is_not_supported_yet_is_refused_as_a_start_and_as_a_child(play: New, needy: Block) -> None:
    """Issue 2, deliver 4: 422 `not_supported` with the place; as a child `refused`. Nothing is silently skipped."""
    one = play(
        needy,
        simple("Plain", say("Done.")),
        simple("Asks", trigger("Needy"), call("start_workflow", workflow="Needy"), can=CALLER),
        routed("Leads", to_workflow("Needy")),
    )
    direct = one.post("Needy")
    asks, leads = one.completed("Asks"), one.completed("Leads")

    assert (direct.status_code, problem(direct)["code"]) == (422, "not_supported")
    assert problem(direct)["details"][0]["path"].startswith("stages[0]")
    for told in one.results_of(asks, "Asks agent"):
        assert (told["status"], told["run_id"]) == ("refused", None)
        assert "does not run yet" in told["error"]
    assert codes(leads) == ["continued_after_failed_workflow"]
    assert {run["workflow"] for run in one.runs()} == {"Asks", "Leads"}


def test_triggers_in_the_definition_stop_no_other_way_of_starting(play: New) -> None:
    """Issue 2, deliver 4: only enabling a schedule or a webhook is refused for now."""
    triggers = [
        {"kind": "schedule", "name": "Weekly", "cron": "0 9 * * 1", "timezone": "Europe/Berlin"},
        {"kind": "webhook", "name": "From CI"},
    ]
    one = play(simple("Main", say("Done.")) | {"triggers": triggers})

    assert one.run("Main")["status"] == "completed"


def test_an_agent_without_a_model_fails_the_run_and_says_where_to_set_one(play: New) -> None:
    """Rule 2.6."""
    one = play(workflow("Main", stage("Work", agent("Ada", model=None))))
    run = one.run("Main")

    assert run["status"] == "failed"
    assert (run["error"]["code"], run["error"]["stage"], run["error"]["agent"]) == ("no_model", "Work", "Ada")
    assert "Ada has no model" in run["error"]["message"]
    assert "default model on the project" in run["error"]["message"]


def test_an_agent_without_a_model_takes_the_default_of_its_project(play: New) -> None:
    """Rule 2.6."""
    one = play(workflow("Main", stage("Work", agent("Ada", say("Done."), model=None))), default_model="scripted")

    assert one.completed("Main")["result"]["value"] == "Done."


@pytest.mark.parametrize(
    ("model", "variable"), [("openai:gpt-5-mini", "OPENAI_API_KEY"), ("anthropic:claude-x", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_fails_at_once_and_names_the_variable(play: New, model: str, variable: str) -> None:
    """Rules 2.6, 2.7: a permanent error is not retried."""
    one = play(workflow("Main", stage("Work", agent("Ada", model=model))))
    run = one.run("Main")

    assert run["status"] == "failed"
    assert run["error"]["agent"] == "Ada"
    assert variable in run["error"]["message"]
    assert one.told(run, "agent.retrying") == []


def test_an_unknown_provider_fails_at_once(play: New) -> None:
    """Rule 2.7: and names the agent and the model."""
    one = play(workflow("Main", stage("Work", agent("Ada", model="nobody:none"))))
    run = one.run("Main")

    assert run["status"] == "failed"
    assert "nobody:none" in run["error"]["message"]
    assert "Ada" in run["error"]["message"]
