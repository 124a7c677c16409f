"""What is loaded when: the model layer only where turns are taken, one loop a process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

from agents.runtime import loop
from agents.runtime.turn import take_turn
from tests.agents.playing import scripted

HEAVY = ("pydantic_ai", "openai", "anthropic", "google.genai")


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_runtime_loads_no_model_layer() -> None:
    """stack.md 4: a second and 70 MB stay out of web processes and plain commands."""
    modules = "turn, models, prompt, loop, errors, limits"
    loaded = f"print([name for name in {HEAVY} if name in sys.modules])"
    assert run(f"import sys; import agents.tools; from agents.runtime import {modules}; {loaded}").strip() == "[]"


def test_a_scripted_turn_loads_no_sdk_of_a_provider() -> None:
    """stack.md 4: a worker that plays scripts carries no provider's SDK."""
    code = (
        "import os, sys\n"
        "for name in list(os.environ):\n"
        "    if name.endswith(('_API_KEY', '_BASE_URL')): del os.environ[name]\n"
        "from agents.runtime import turn\n"
        "turn.warm_up()\n"
        "turn.take_turn(turn.TurnRequest('scripted', [turn.user_message('x')]))\n"
        "print([name for name in ('openai', 'anthropic', 'google.genai') if name in sys.modules])"
    )
    assert run(code).strip() == "[]"


def test_a_process_has_one_loop_on_a_thread_of_its_own() -> None:
    """stack.md: one long-lived event loop serves the model clients and the socket bell."""

    async def here() -> tuple[asyncio.AbstractEventLoop, str]:
        return asyncio.get_running_loop(), threading.current_thread().name

    first, second = loop.submit(here()).result(5), loop.submit(here()).result(5)
    assert first == second
    assert first[1] == "baton-loop"


def test_turns_of_many_threads_do_not_meet() -> None:
    """Rule 11.4: threads of one worker take turns at the same time."""
    talks = [scripted({"say": f"text {number}", "sleep": 0.01}) for number in range(20)]
    texts: dict[int, str | None] = {}

    def take(number: int) -> None:
        texts[number] = take_turn(talks[number].request()).text

    threads = [threading.Thread(target=take, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert texts == {number: f"text {number}" for number in range(20)}
