"""What an agent is told: its instructions, and what is known so far. Nothing about who started the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.runtime.limits import PROMPT_VALUE
from agents.runtime.values import as_text

if TYPE_CHECKING:
    from agents.runtime.turn import ToolSpec


@dataclass(frozen=True)
class EarlierStage:
    """What the agents of one earlier stage said, in the order in which it is to be read."""

    stage: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """All that goes into the first messages of an agent run. Empty parts are left out."""

    role: str = ""
    perspective: str = ""
    task: str = ""
    directive: str = ""
    input: Any = ""
    earlier: Sequence[EarlierStage] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    hooks: Mapping[str, Any] = field(default_factory=dict)
    workflows: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[ToolSpec] = ()
    share: Sequence[str] = ()  # names under which the agent is expected to share results


def compose(prompt: Prompt) -> tuple[str, str]:
    """The system text (who the agent is and what it is to do) and the user text (what it has to work with).

    Read one after the other they have the order perspective, task, directive, input, earlier results, tools. What came
    from outside or from other agents is in the user text only.
    """
    system = [
        _who(prompt),
        _section("Task of this stage", prompt.task),
        _section("Your directive", prompt.directive),
    ]
    user = [
        _section("Input", _cut(as_text(prompt.input)) if prompt.input is not None else ""),
        _section("Earlier stages", _joined([_told(earlier) for earlier in prompt.earlier])),
        _section("Shared results", _listed(prompt.results)),
        _section("Outputs of hooks", _listed(prompt.hooks)),
        _section("Results of workflows", _listed(prompt.workflows)),
        _section("Results you are expected to share", ", ".join(prompt.share)),
        _section("Your tools", ", ".join(tool.name for tool in prompt.tools)),
    ]
    return _joined(system), _joined(user) or "Begin."


def _who(prompt: Prompt) -> str:
    role = f"Your role: {prompt.role.strip()}" if prompt.role.strip() else ""
    return _joined([role, prompt.perspective.strip()])


def _section(title: str, text: str) -> str:
    return f"## {title}\n{text}" if text.strip() else ""


def _told(earlier: EarlierStage) -> str:
    texts = _joined([_cut(text) for text in earlier.texts])
    return f"### {earlier.stage}\n{texts}" if texts else ""


def _listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {_cut(as_text(value))}" for name, value in values.items())


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _cut(text: str) -> str:
    if len(text) <= PROMPT_VALUE:
        return text
    return f"{text[:PROMPT_VALUE]} [… cut at {PROMPT_VALUE:,} of {len(text):,} characters]"
