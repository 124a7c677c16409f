"""The tools of agents: what they are called, what they need, and what their arguments mean. Runs carry them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from pydantic import ValidationError

from agents.runtime.turn import ToolSpec
from agents.tools import (
    ask_person,
    cancel_schedule,
    cancel_workflow,
    check_workflow,
    decide_outcome,
    list_schedules,
    schedule_workflow,
    share_results,
    start_workflow,
    trigger_workflow,
    wait_for_workflow,
)
from agents.tools.listing import Entry, described
from agents.tools.shape import TRIGGER_WORKFLOWS, USE_SUBAGENTS, Arguments, Offer, mistakes


class Tool(Protocol):
    """What the module of a tool holds."""

    @property
    def NAME(self) -> str: ...
    @property
    def CAPABILITY(self) -> str | None: ...
    @property
    def Args(self) -> type[Arguments]: ...
    @property
    def spec(self) -> Callable[[Offer], ToolSpec]: ...


TOOLS: tuple[Tool, ...] = (
    share_results,
    decide_outcome,
    ask_person,
    trigger_workflow,
    start_workflow,
    check_workflow,
    wait_for_workflow,
    cancel_workflow,
    schedule_workflow,
    list_schedules,
    cancel_schedule,
)
_BY_NAME = {tool.NAME: tool for tool in TOOLS}

# Which capability a tool needs; a tool that is not in here needs none. One of them is not offered yet.
CAPABILITY_OF: dict[str, str] = {
    **{tool.NAME: tool.CAPABILITY for tool in TOOLS if tool.CAPABILITY is not None},
    "run_subagents": USE_SUBAGENTS,
}
KNOWN: frozenset[str] = frozenset(_BY_NAME) | frozenset(CAPABILITY_OF)


def offered(
    capabilities: AbstractSet[str],
    catalogue: Iterable[Entry],
    allowed: Sequence[str],
    labels: Sequence[str],
    timeout: float = 300.0,
) -> tuple[ToolSpec, ...]:
    """The tools that an assignment's agent sees.

    `catalogue` holds the workflows of the project that are not archived, `allowed` the allow-list (empty: all of them),
    `labels` the outcomes of the stage, `timeout` the seconds that a wait lasts when the agent names none.
    """
    workflows = described(catalogue, allowed) if TRIGGER_WORKFLOWS in capabilities else ""
    offer = Offer(workflows, tuple(labels), timeout)
    return tuple(tool.spec(offer) for tool in TOOLS if _is_offered(tool, capabilities, offer))


def _is_offered(tool: Tool, capabilities: AbstractSet[str], offer: Offer) -> bool:
    if tool.CAPABILITY is not None and tool.CAPABILITY not in capabilities:
        return False
    return tool.NAME != decide_outcome.NAME or bool(offer.labels)


def parse_args(name: str, args: Any) -> Any:
    """The arguments of a call as the tool's own model, or a text for the model that lists every problem.

    `args` is what the model sent: an object, or the raw text where it was none.
    """
    tool = _BY_NAME.get(name)
    if tool is None:
        return f"The tool {name} is not supported by this version of Baton."
    if not isinstance(args, dict):
        return f"{name} was not carried out: its arguments are not a JSON object. Send an object and call it again."
    try:
        return tool.Args.model_validate(args)
    except ValidationError as error:
        return mistakes(name, tool.Args, error)
