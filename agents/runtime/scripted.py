"""The scripted model: it plays the steps of a script, one a turn, and answers as providers do in the model layer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pydantic_ai import exceptions as layer
from pydantic_ai.messages import ModelResponse, ModelResponsePart, TextPart, ToolCallPart

from agents.runtime.models import SCRIPTED
from agents.runtime.script import Failure, Step, TriggerCall
from agents.runtime.values import as_text, holds, render

Json = Any

_STATUS = {Failure.RATE_LIMIT: 429, Failure.SERVER_ERROR: 500, Failure.BAD_REQUEST: 400}


class ScriptedModel:
    """Plays `script`. Where it stands is read from the messages, so that any process can go on with a conversation.

    Each answer notes the step that it came from: a step that was passed over never shifts the ones after it.
    """

    def __init__(self, script: Sequence[Step], values: Mapping[str, Json], failures: int = 0) -> None:
        self._script = script
        self._values = values
        self._failures = failures  # tries of this very turn that have failed already

    @property
    def takes_time(self) -> bool:
        """Whether any step sleeps; else an answer waits for nothing."""
        return any(step.sleep for step in self._script)

    async def answer(self, answers: Sequence[ModelResponse]) -> ModelResponse:
        """The turn after these answers of the conversation; after the script's last step, an empty final text."""
        place = _next_step(self._script, _position(answers), self._values, self._failures)
        if place.pause:
            await asyncio.sleep(place.pause)
        if place.step is not None and place.step.fail is not None:
            _fail(place.step.fail, place.step.reason)
        turn = _Turn(self._values, f"call-{len(answers) + 1}")
        if place.step is not None:
            turn.play(place.step)
        metadata: dict[str, Json] = {"step": place.index}
        if place.step is not None and place.step.message is not None:
            metadata["more"] = True
        if place.index == len(self._script) - 1 and turn.calls:
            metadata["last"] = True
        if turn.unknown:
            metadata["warnings"] = [turn.warning]
        return ModelResponse(parts=turn.parts or [TextPart("")], model_name=SCRIPTED, metadata=metadata)


def _position(answers: Sequence[ModelResponse]) -> int:
    """The first step that has not been played. An answer of another model (a fallback) stands for one step."""
    position = 0
    for answer in answers:
        position = (answer.metadata or {}).get("step", position) + 1
    return position


@dataclass(frozen=True)
class _Place:
    """The step to play now (None after the end), and the seconds to take for it."""

    index: int
    step: Step | None
    pause: float


def _next_step(script: Sequence[Step], position: int, values: Mapping[str, Json], failed: int) -> _Place:
    pause = 0.0
    for index in range(position, len(script)):
        step = script[index]
        if not _applies(step, values):
            continue
        if step.fail is not None and failed >= (step.times or 1):
            # It has failed as often as it should, in earlier tries of this turn, and so have the pauses before it.
            failed -= step.times or 1
            pause = 0.0
            continue
        pause += step.sleep or 0.0
        if step.verb != "sleep":
            return _Place(index, step, pause)
    return _Place(len(script), None, pause)


def _applies(step: Step, values: Mapping[str, Json]) -> bool:
    if step.when is not None and not holds(step.when, values):
        return False
    return step.together is None or any(_applies(inner, values) for inner in step.together)


def _fail(kind: Failure, reason: str | None) -> NoReturn:
    """Raise what the layer raises for a provider that answers so."""
    if kind is Failure.TIMEOUT:
        raise layer.ModelTimeoutError(SCRIPTED, reason or "the script says so")
    raise layer.ModelHTTPError(_STATUS[kind], SCRIPTED, {"message": reason or f"the script says {kind}"})


@dataclass
class _Turn:
    """One answer in the making."""

    values: Mapping[str, Json]
    ids: str
    parts: list[ModelResponsePart] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)

    @property
    def warning(self) -> str:
        """One sentence about all names that the script does not know."""
        names = ", ".join(f"{{{{{name}}}}}" for name in self.unknown)
        return f"The script names values that are not known, and left them as written: {names}."

    @property
    def calls(self) -> bool:
        """Whether any tool is called."""
        return any(isinstance(part, ToolCallPart) for part in self.parts)

    def play(self, step: Step) -> None:
        """Add what the step says or calls."""
        if (text := step.say if step.say is not None else step.message) is not None:
            self.parts.append(TextPart(as_text(self._put(text))))
        for inner in step.together or (step,):
            if _applies(inner, self.values):
                self._call(inner)

    def _call(self, step: Step) -> None:
        if step.share is not None:
            self._add("share_results", {"results": self._put(step.share)})
        elif step.decide is not None:
            self._add("decide_outcome", {"outcome": as_text(self._put(step.decide))})
        elif step.trigger_workflow is not None:
            self._add("trigger_workflow", self._trigger(step.trigger_workflow))
        elif step.call is not None:
            self._add(as_text(self._put(step.call)), self._put(step.args or {}))

    def _trigger(self, call: TriggerCall) -> dict[str, Json]:
        args = {"workflow": as_text(self._put(call.workflow)), "context": self._put(call.context)}
        return args if call.timeout is None else {**args, "timeout": call.timeout}

    def _add(self, name: str, args: dict[str, Json]) -> None:
        self.parts.append(ToolCallPart(name, args, f"{self.ids}-{len(self.parts) + 1}"))

    def _put(self, template: Json) -> Json:
        rendered = render(template, self.values)
        self.unknown.update(dict.fromkeys(rendered.unknown))
        return rendered.value
