"""The scripted model plays its steps through the same runtime as a real one."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from agents.runtime.errors import PassingError, PermanentError
from agents.runtime.turn import TurnRequest, begin_turn, take_turn, user_message
from tests.agents.playing import VALUES, Conversation, scripted, steps

Json = Any


def test_say_is_the_final_text() -> None:
    """interfaces.md 3: `say` ends the agent's work."""
    answer = scripted({"say": "Done."}).turn()
    assert (answer.text, answer.calls, answer.more) == ("Done.", (), False)


@pytest.mark.parametrize(
    ("step", "tool", "args"),
    [
        ({"share": {"k": 1}}, "share_results", {"results": {"k": 1}}),
        ({"decide": "approve"}, "decide_outcome", {"outcome": "approve"}),
        (
            {"trigger_workflow": {"workflow": "W", "context": {"a": 1}, "timeout": 7}},
            "trigger_workflow",
            {"workflow": "W", "context": {"a": 1}, "timeout": 7},
        ),
        ({"trigger_workflow": {"workflow": "W"}}, "trigger_workflow", {"workflow": "W", "context": ""}),
        ({"call": "check_workflow", "args": {"run_id": "x"}}, "check_workflow", {"run_id": "x"}),
        ({"call": "list_schedules"}, "list_schedules", {}),
    ],
)
def test_a_step_calls_its_tool(step: Json, tool: str, args: Json) -> None:
    """interfaces.md 3: share, decide, trigger_workflow and call are tool calls of one turn."""
    answer = scripted(step, {"say": "x"}).turn()
    assert answer.text is None
    assert [(call.name, call.args) for call in answer.calls] == [(tool, args)]


def test_together_makes_several_calls_in_order_with_ids_of_their_own() -> None:
    """Rule 5.5: several calls in one turn, in call order."""
    trigger = {"trigger_workflow": {"workflow": "W"}}
    answer = scripted({"together": [trigger, {"share": {"a": 1}}, trigger]}).turn()
    assert [call.name for call in answer.calls] == ["trigger_workflow", "share_results", "trigger_workflow"]
    assert len({call.id for call in answer.calls}) == 3


def test_a_step_of_together_whose_condition_does_not_hold_is_left_out() -> None:
    """interfaces.md 3: any step may have `when`."""
    never = {"share": {"a": 1}, "when": {"path": "visit", "op": "gt", "value": 1}}
    talk = scripted({"together": [never, {"decide": "x"}]}, {"together": [never]}, {"say": "end"})
    assert [call.name for call in talk.turn().calls] == ["decide_outcome"]
    assert talk.turn().text == "end"


def test_message_is_said_without_an_end() -> None:
    """Rule 2.2: a message to the others does not end the agent's work."""
    talk = scripted({"message": "Hello, all."}, {"say": "Bye."})
    first = talk.turn()
    assert (first.text, first.more) == ("Hello, all.", True)
    talk.messages.append(user_message("Go on."))
    assert talk.turn().text == "Bye."


def test_a_script_that_ends_without_say_ends_with_an_empty_text() -> None:
    """interfaces.md 3: no `say`, an empty final text; so does an empty script."""
    talk = scripted({"trigger_workflow": {"workflow": "W"}}, {"share": {"a": 1}})
    assert [talk.turn().last, talk.turn().last] == [False, True]  # then a run asks no more, where nothing makes it wait
    assert (talk.turn().text, scripted().turn().text) == ("", "")


def test_results_of_tools_are_values() -> None:
    """interfaces.md 3: `result` is the last tool result, `calls` all of them in order, each with its type."""
    talk = scripted(
        {"together": [{"call": "one"}, {"call": "two"}]},
        {"share": {"last": "{{result}}", "first": "{{calls.0.n}}", "text": "got {{calls}}"}},
        {"say": "{{calls.2}}"},
    )
    talk.turn(lambda call: {"n": 1 if call.name == "one" else None})
    second = talk.turn(lambda call: "plain text")
    assert second.calls[0].args == {"results": {"last": {"n": None}, "first": 1, "text": 'got [{"n":1},{"n":null}]'}}
    assert talk.turn().text == "plain text"


def test_a_result_that_looks_like_a_file_of_the_layer_stays_data() -> None:
    """Principle 6: what a child run returned is data, whatever it looks like; it is never fetched or decoded."""
    evil = [
        {"kind": "binary", "data": "no base64!", "media_type": "image/png"},
        {"kind": "image-url", "url": "http://127.0.0.1:9/", "media_type": "image/png"},
    ]
    talk = scripted({"call": "tool"}, {"share": {"got": "{{result}}"}})
    talk.turn(lambda call: evil)
    assert talk.turn().calls[0].args == {"results": {"got": evil}}


def test_values_of_the_run_are_put_in() -> None:
    """interfaces.md 3: input, visit, results, hooks, workflows, agent and stage are known."""
    told = "{{input}} {{visit}} {{results.k}} {{hooks.D.by}} {{workflows.Deploy v1.2.result.url}} {{agent}} {{stage}}"
    answer = scripted({"say": told}).turn(
        results={"k": [1]}, hooks={"D": {"by": "ada"}}, workflows={"Deploy v1.2": {"result": {"url": "u"}}}
    )
    assert answer.text == "the input 1 [1] ada u Writer Draft"
    assert answer.warnings == ()


def test_the_task_of_a_subagent_is_known_where_there_is_one() -> None:
    """interfaces.md 3: `task.name` and `task.instructions`."""
    task = {"name": "T", "instructions": "Go"}
    assert scripted({"say": "{{task.name}}: {{task.instructions}}"}).turn(task=task).text == "T: Go"


def test_an_unknown_name_stays_as_written_and_warns_once_a_turn() -> None:
    """interfaces.md 3: it never fails anything, and adds one warning."""
    answer = scripted({"say": "{{nope}} and {{nope}} and {{result}}"}).turn()
    assert answer.text == "{{nope}} and {{nope}} and {{result}}"
    assert len(answer.warnings) == 1
    assert "{{nope}}, {{result}}" in answer.warnings[0]


def test_what_was_put_in_is_not_put_in_again() -> None:
    """interfaces.md 3: one pass."""
    assert scripted({"say": "{{input}}"}).turn(input="{{visit}}").text == "{{visit}}"


def test_a_step_that_was_passed_over_never_shifts_later_turns() -> None:
    """interfaces.md 3: a condition that holds later brings nothing back."""
    only_later = {"path": "results.k", "op": "exists", "value": True}
    talk = scripted({"say": "skipped", "when": only_later}, {"call": "one"}, {"call": "two"}, {"say": "end"})
    assert talk.turn().calls[0].name == "one"
    assert talk.turn(results={"k": 1}).calls[0].name == "two"
    assert talk.turn(results={"k": 1}).text == "end"


def test_the_position_is_read_from_the_messages_alone() -> None:
    """Rule 11.3: another process goes on where this one stopped; the same messages give the same turn again."""
    talk = scripted({"call": "one"}, {"call": "two"}, {"say": "end"})
    talk.turn()
    other = Conversation(script=steps({"call": "one"}, {"call": "two"}, {"say": "end"}))
    other.messages = json.loads(json.dumps(talk.messages))
    assert take_turn(talk.request()).calls == take_turn(talk.request()).calls == other.turn().calls


FAILURES = [
    ("rate_limit", PassingError, "rate_limit"),
    ("server_error", PassingError, "server_error"),
    ("timeout", PassingError, "timeout"),
    ("bad_request", PermanentError, "bad_request"),
]


@pytest.mark.parametrize(("failure", "error", "kind"), FAILURES)
def test_fail_is_what_a_provider_would_answer(failure: str, error: type[Exception], kind: str) -> None:
    """Rule 2.7: rate limit, server error and time-out pass; a refused request is permanent."""
    with pytest.raises(error) as raised:
        scripted({"fail": failure}, {"say": "x"}).turn()
    assert getattr(raised.value, "kind", None) == kind


def test_fail_goes_on_after_its_times() -> None:
    """interfaces.md 3: `times: N`, then the script goes on; several in a row count on."""
    talk = scripted({"fail": "rate_limit", "times": 2}, {"fail": "server_error"}, {"say": "at last"})
    for failures, kind in enumerate(["rate_limit", "rate_limit", "server_error"]):
        with pytest.raises(PassingError) as raised:
            talk.turn(attempt_failures=failures)
        assert raised.value.kind == kind
    assert talk.turn(attempt_failures=3).text == "at last"


def test_after_a_failure_the_next_turns_are_not_shifted() -> None:
    """Rule 2.7: a retried turn is one turn."""
    talk = scripted({"fail": "timeout"}, {"call": "one"}, {"say": "end"})
    assert talk.turn(attempt_failures=1).calls[0].name == "one"
    assert talk.turn().text == "end"


def test_the_count_of_failures_is_no_value_of_a_script() -> None:
    """interfaces.md 3: scripts know the listed names only."""
    answer = scripted({"say": "{{attempt_failures}}"}).turn(attempt_failures=2)
    assert answer.text == "{{attempt_failures}}"
    assert len(answer.warnings) == 1


def test_sleep_takes_its_time_beside_a_verb_and_before_the_next_step() -> None:
    """interfaces.md 3: `sleep` beside another verb, or alone before the next step."""
    talk = scripted({"sleep": 0.05}, {"say": "slow", "sleep": 0.05})
    started = monotonic()
    answer = talk.turn()
    assert answer.text == "slow"
    assert monotonic() - started >= 0.1
    assert answer.seconds >= 0.1


def test_a_sleep_longer_than_the_deadline_is_a_timeout() -> None:
    """Rule 2.7: the deadline is ours, for every model."""
    talk = scripted({"say": "never", "sleep": 60})
    talk.timeout = 0.05
    with pytest.raises(PassingError, match=r"no whole answer in 0\.05 s") as raised:
        talk.turn()
    assert raised.value.kind == "timeout"


def test_a_sleeping_turn_can_be_abandoned() -> None:
    """Rule 10.1: the model call in flight is abandoned."""
    future = begin_turn(TurnRequest("scripted", [user_message("x")], script=steps({"say": "x", "sleep": 60})))
    assert future.cancel()
    assert future.cancelled()


def test_an_answer_larger_than_the_limit_is_refused() -> None:
    """Rule 6.5: a script that repeats a large input does not fill the database."""
    with pytest.raises(PermanentError) as raised:
        scripted({"say": "{{input}}" * 5}).turn(input="x" * 500_000)
    assert raised.value.kind == "too_large"


def test_the_stored_messages_are_small() -> None:
    """performance.md: bytes of a commit count, so defaults are not stored."""
    answer = scripted({"say": "x"}).turn()
    assert len(json.dumps(answer.message)) < 300


def test_the_values_of_the_contract_are_all_there_is() -> None:
    """Rule 5.6: nothing about a parent is known to a script."""
    assert scripted({"say": "{{parent}}"}).turn().text == "{{parent}}"
    assert "parent" not in VALUES
    assert not [path for path in Path("agents/runtime").glob("*.py") if "parent" in path.read_text(encoding="utf-8")]
