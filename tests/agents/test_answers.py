"""What models get wrong in their answers: it is kept, told, and never sent back in a shape that a provider refuses."""

from __future__ import annotations

import json

import pytest

from agents.runtime.errors import PermanentError
from tests.agents.playing import Conversation
from tests.provider import Call, Calls, Provider, Raw, Say

MODEL = "openai:gpt-5-mini"


@pytest.mark.parametrize(
    "text",
    ['{"results": ', "share it all", "[1, 2]", '"text"', "null", "12", '{"n": NaN}', '{"n": Infinity}', "[" * 5_000],
)
def test_arguments_that_are_no_object_are_handed_on_as_text(provider: Provider, text: str) -> None:
    """Rule 2.4: the tool tells the model what is wrong, and the provider accepts the history on the next turn."""
    provider.answer(Calls((Call("share_results", text),)), Say("Sorry."))
    talk = Conversation(MODEL)
    (call,) = talk.turn(lambda call: {"error": "no object"}).calls
    assert call.args == text
    assert talk.turn().text == "Sorry."


def test_arguments_nested_too_deep_are_handed_on_as_text(provider: Provider) -> None:
    """Rule 6.5: no value of a model is too deep to be stored."""
    text = '{"a":' * 300 + "1" + "}" * 300
    provider.answer(Calls((Call("share_results", text),)), Say("Sorry."))
    talk = Conversation(MODEL)
    assert talk.turn().calls[0].args == text
    assert talk.turn().text == "Sorry."


def test_no_arguments_are_an_empty_object(provider: Provider) -> None:
    """Some servers send an empty text for a tool without arguments."""
    provider.answer(Calls((Call("list_schedules", ""),)), Say("Done."))
    talk = Conversation(MODEL)
    assert talk.turn().calls[0].args == {}
    assert talk.turn().text == "Done."


def test_calls_with_the_same_id_or_none_get_ids_of_their_own(provider: Provider) -> None:
    """Rule 5.9: a call is unique by its tool call id."""
    calls = (Call("a", {}, "x"), Call("b", {}, "x"), Call("c", {}, ""))
    provider.answer(Calls(calls), Say("Done."))
    talk = Conversation(MODEL)
    answer = talk.turn()
    assert len({call.id for call in answer.calls}) == 3
    assert [call.name for call in answer.calls] == ["a", "b", "c"]
    assert talk.turn().text == "Done."


def test_an_invented_tool_name_is_made_sendable(provider: Provider) -> None:
    """Rule 2.4: the refusal goes back to the model; a name with spaces would make the provider refuse the history."""
    provider.answer(Calls((Call("send e-mail to ada@example.org" + "x" * 100, {}),)))
    (call,) = Conversation(MODEL).turn().calls
    assert call.name.startswith("send_e-mail_to_ada_example_org")
    assert len(call.name) == 64


def test_half_characters_are_replaced_before_they_are_stored(provider: Provider) -> None:
    """stack.md, traps: a lone surrogate passes `json.loads` and breaks when it is written."""
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "half \ud83d",
                    "tool_calls": [
                        {
                            "id": "1",
                            "type": "function",
                            "function": {
                                "name": "t",
                                "arguments": json.dumps({"whole": "\ud83d\ude00", "half": "\ude00", "name \ude00": 1}),
                            },
                        }
                    ],
                },
            }
        ],
    }
    provider.answer(Raw(json.dumps(body).encode()))
    answer = Conversation(MODEL).turn()
    assert answer.text == "half \ufffd"
    assert answer.calls[0].args == {"whole": "\U0001f600", "half": "\ufffd", "name \ufffd": 1}
    assert json.dumps(answer.message, ensure_ascii=False).encode()


def test_an_answer_of_megabytes_is_refused(provider: Provider) -> None:
    """Rule 6.5: over a limit, a clear error."""
    provider.answer(Say("x" * 3_000_000))
    with pytest.raises(PermanentError, match="larger than") as raised:
        Conversation(MODEL).turn()
    assert raised.value.kind == "too_large"
