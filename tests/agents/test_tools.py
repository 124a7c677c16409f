"""The tools of agents: which are offered, how they describe themselves, and what is said about wrong arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

from agents.runtime.limits import VALUE_BYTES
from agents.tools import CAPABILITY_OF, KNOWN, TOOLS, offered, parse_args

Json = Any


@dataclass(frozen=True)
class Entry:
    """A workflow of the catalogue."""

    name: str
    description: str = ""
    input_schema: dict[str, Json] | None = None


CATALOGUE = (
    Entry("Analyze Website", "Looks at\n a site.", {"properties": {"url": {"type": "string"}}, "required": ["url"]}),
    Entry("Deploy"),
)
WORKFLOW_TOOLS = {name for name, capability in CAPABILITY_OF.items() if capability == "trigger_workflows"}


def names(*capabilities: str, labels: tuple[str, ...] = ("approve", "reject")) -> list[str]:
    """The names of the tools that an assignment with these capabilities gets."""
    return [spec.name for spec in offered(frozenset(capabilities), CATALOGUE, (), labels)]


def description(tool: str, **changes: Json) -> str:
    """How a tool describes itself."""
    offer: dict[str, Json] = {
        "catalogue": CATALOGUE,
        "allowed": (),
        "labels": ("approve",),
        "timeout": 300.0,
        **changes,
    }
    found = offered(frozenset({"trigger_workflows", "decide_outcome"}), **offer)
    return next(spec.description for spec in found if spec.name == tool)


def test_sharing_is_always_offered() -> None:
    """interfaces.md 4: `share_results` needs no capability, everything else does."""
    assert names() == ["share_results"]


def test_a_capability_offers_its_tools() -> None:
    """Rule 2.4 and 5.7: a tool is offered only where its capability is on."""
    assert names("decide_outcome") == ["share_results", "decide_outcome"]
    assert set(names("trigger_workflows")) == WORKFLOW_TOOLS | {"share_results"}
    assert len(WORKFLOW_TOOLS) == 8


def test_a_stage_without_outcomes_offers_no_decision() -> None:
    """Rule 3.1: there is nothing to decide."""
    assert names("decide_outcome", labels=()) == ["share_results"]


def test_tools_of_later_versions_are_known_and_not_offered() -> None:
    """interfaces.md 4: their names are known, so that a call of them is told the truth."""
    assert "run_subagents" in KNOWN
    assert names("use_subagents") == ["share_results"]
    assert "not supported" in parse_args("run_subagents", {"tasks": []})


def test_a_question_to_a_person_is_checked_like_any_call() -> None:
    """Interfaces 4: ask_person(message, options, channel), with the capability alone."""
    assert names("ask_people") == ["share_results", "ask_person"]
    args = parse_args("ask_person", {"message": "Which?", "options": ["Red", "Blue"]})
    assert (args.message, args.options, args.channel, args.timeout) == ("Which?", ("Red", "Blue"), None, None)
    for wrong, told in (
        ({}, "message is missing"),
        ({"message": " "}, "message must not be empty"),
        ({"message": "?", "options": ["A", "A"]}, "options must differ"),
        ({"message": "?", "options": [str(number) for number in range(21)]}, "options must be at most 20"),
        ({"message": "?", "channel": "fax"}, "channel must be one of inbox"),
        ({"message": "?", "timeout": 0}, "timeout must be at least 1"),
    ):
        assert told in parse_args("ask_person", wrong), wrong


def test_the_workflows_that_may_be_called_are_described() -> None:
    """Rule 5.1: name, description and what input they take."""
    told = description("trigger_workflow")
    assert "- Analyze Website: Looks at a site. (input: an object with url (string, required))" in told
    assert "- Deploy (input: text or an object, or nothing)" in told


def test_the_allow_list_narrows_what_is_described() -> None:
    """Rule 5.8: an allow-list, without case like every look-up of a name."""
    told = description("trigger_workflow", allowed=("deploy",))
    assert "Deploy" in told
    assert "Analyze Website" not in told
    assert "no workflow that you may call" in description("trigger_workflow", catalogue=())


def test_the_default_of_the_assignment_is_told() -> None:
    """Rule 5.1: the limit is the assignment's own when the agent names none."""
    assert "Waits 45 seconds" in description("trigger_workflow", timeout=45.0)
    assert "Waits 45 seconds" in description("wait_for_workflow", timeout=45.0)


def test_labels_are_told_in_words_and_not_enforced_by_the_schema() -> None:
    """Rule 3.3: a wrong label comes back to the agent; a provider must not pick one for it."""
    assert '"approve", "Needs work"' in description("decide_outcome", labels=("approve", "Needs work"))
    (spec,) = (spec for spec in offered(frozenset({"decide_outcome"}), (), (), ("a",)) if spec.name == "decide_outcome")
    assert "enum" not in str(spec.parameters)
    assert parse_args("decide_outcome", {"outcome": "no label"}).outcome == "no label"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.NAME)
def test_every_schema_is_one(tool: Any) -> None:
    """interfaces.md 4: providers get valid JSON Schema, closed, with every argument described."""
    spec = next(spec for spec in offered(frozenset(CAPABILITY_OF.values()), (), (), ("a",)) if spec.name == tool.NAME)
    jsonschema.Draft202012Validator.check_schema(spec.parameters)
    assert spec.parameters["additionalProperties"] is False
    assert all("description" in argument for argument in spec.parameters["properties"].values())
    assert not {"ge", "le", "title"} & set(str(spec.parameters).replace("'", " ").split())


def test_arguments_have_their_defaults() -> None:
    """Rule 5.1: an optional message, an optional limit."""
    args = parse_args("trigger_workflow", {"workflow": " Deploy "})
    assert (args.workflow, args.context, args.timeout) == ("Deploy", "", None)
    assert parse_args("start_workflow", {"workflow": "Deploy"}).key is None


@pytest.mark.parametrize(
    ("context", "read"),
    [("text", "text"), ({"a": [1]}, {"a": [1]}), (None, ""), ([1, 2], "[1,2]"), (3, "3"), (True, "true")],
)
def test_a_context_is_text_or_an_object(context: Json, read: Json) -> None:
    """Rule 5.1: what is neither is read as text."""
    assert parse_args("trigger_workflow", {"workflow": "W", "context": context}).context == read


@pytest.mark.parametrize(
    ("tool", "args", "told"),
    [
        ("trigger_workflow", {}, "workflow is missing"),
        ("trigger_workflow", {"workflow": " "}, "workflow must not be empty"),
        ("trigger_workflow", {"workflow": 7}, "workflow must be text"),
        ("trigger_workflow", {"workflow": "W", "timeout": 0}, "timeout must be at least 1"),
        ("trigger_workflow", {"workflow": "W", "timeout": 86_401}, "timeout must be at most 86400"),
        ("trigger_workflow", {"workflow": "W", "timeout": "soon"}, "timeout must be a number"),
        ("trigger_workflow", {"workflow": "W", "timeout": True}, "timeout must be a number"),
        ("trigger_workflow", {"workflow": "W", "depth": 0}, "depth is no argument of this tool"),
        ("trigger_workflow", {"workflow": "W", "context": "x" * (VALUE_BYTES + 1)}, "context is larger than 1,048,576"),
        ("trigger_workflow", {"workflow": "W", "context": {"k": "é" * 600_000}}, "context is larger than"),
        ("share_results", {"results": []}, "results must be an object"),
        ("share_results", {"results": {}}, "results must not be empty"),
        ("share_results", {"results": {"": 1}}, "names of 1 to 200 characters"),
        ("share_results", {"results": {"k": "x" * (VALUE_BYTES + 1)}}, "results is larger than"),
        ("check_workflow", {}, "exactly one of run_id, key, not none"),
        ("check_workflow", {"run_id": "a", "key": "b"}, "exactly one of run_id, key, not run_id, key"),
        ("schedule_workflow", {"workflow": "W"}, "exactly one of delay, at, cron"),
        ("schedule_workflow", {"workflow": "W", "delay": 1, "cron": "* * * * *"}, "exactly one of delay, at, cron"),
        ("schedule_workflow", {"workflow": "W", "at": "2027-01-01T09:00:00"}, "with its time zone"),
        ("schedule_workflow", {"workflow": "W", "at": "tomorrow"}, "with its time zone"),
        ("schedule_workflow", {"workflow": "W", "delay": 0.5}, "delay must be at least 1"),
        ("wait_for_workflow", {"run_id": "r", "timeout": -1}, "timeout must be at least 1"),
        ("cancel_workflow", {"run_id": None}, "run_id must be text"),
        ("cancel_schedule", {}, "id is missing"),
        ("list_schedules", {"all": True}, "all is no argument of this tool (its arguments: none)"),
        ("share_results", '{"results": ', "not a JSON object"),
        ("share_results", ["a"], "not a JSON object"),
        ("share_results", None, "not a JSON object"),
    ],
)
def test_wrong_arguments_are_told_in_words(tool: str, args: Json, told: str) -> None:
    """Rule 2.4: the model hears what is wrong and goes on."""
    answer = parse_args(tool, args)
    assert isinstance(answer, str)
    assert told in answer
    assert tool in answer


def test_every_problem_is_told_at_once() -> None:
    """interfaces.md 5: all problems at once, for models too."""
    answer = parse_args("trigger_workflow", {"timeout": 0, "contxt": "x"})
    assert all(problem in answer for problem in ("workflow is missing", "timeout must be", "contxt is no argument"))


def test_an_error_text_never_repeats_what_was_sent() -> None:
    """Rule 6.5: a megabyte of wrong arguments does not come back as a megabyte of error."""
    assert len(parse_args("trigger_workflow", {"workflow": "W", "x" * 1_000_000: 1})) < 1_000


@pytest.mark.parametrize("at", ["2027-03-01T09:00:00Z", "2027-03-01T09:00:00+01:00"])
def test_a_moment_has_a_zone(at: str) -> None:
    """Rule 5.7: `at` is ISO 8601 with its zone."""
    assert parse_args("schedule_workflow", {"workflow": "W", "at": at}).at == at
