"""What the tools of an agent mean for a run: which are offered, and what each call asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from agents import tools as agent_tools
from agents.runtime.turn import ToolCall, ToolSpec
from builder.queries import catalogue
from builder.spec import AssignmentSpec, Capability, StageSpec
from projects.errors import Invalid
from runs import waits
from runs.batch import Step
from runs.children import final_envelope, new_child
from runs.effects import workflow_tools
from runs.engine import facts
from runs.engine.limits import WORKFLOW_CALLS
from runs.engine.results import envelope
from runs.engine.status import CallStatus
from runs.errors import Refused
from runs.models import WorkflowCall
from runs.store import NewCall, child_id_for, state_of
from runs.targets import check_size, find_target

Json = Any


@dataclass(frozen=True, slots=True)
class Offered:
    """The tools that an agent sees, and what decides about its calls."""

    specs: tuple[ToolSpec, ...]
    assignment: AssignmentSpec

    def allows(self, tool: str) -> bool:
        """Whether the capability that a tool needs is on."""
        needed = agent_tools.CAPABILITY_OF.get(tool)
        return needed is None or Capability(needed) in self.assignment.capabilities


def offered_to(project_id: int, stage: StageSpec, assignment: AssignmentSpec) -> Offered:
    """The tools of an assignment; the workflows it may call are looked up only where it may call any."""
    entries = catalogue(project_id) if Capability.TRIGGER_WORKFLOWS in assignment.capabilities else []
    specs = agent_tools.offered(
        capabilities=frozenset(capability.value for capability in assignment.capabilities),
        catalogue=[entry for entry in entries if not entry.archived],
        allowed=assignment.allowed_workflows,
        labels=stage.outcomes,
        timeout=assignment.trigger_timeout,
    )
    return Offered(specs, assignment)


@dataclass(slots=True)
class SortedCalls:
    """The tool calls of one turn as facts, as rows to store, and as workflow calls to write."""

    rows: list[dict[str, Json]] = field(default_factory=list)
    found: list[facts.Act] = field(default_factory=list)
    new_calls: list[NewCall] = field(default_factory=list)
    keys: dict[str, UUID] = field(default_factory=dict)  # the caller's own key -> the child started under it
    room: int = WORKFLOW_CALLS  # starts that the limit still allows

    @property
    def acts(self) -> tuple[facts.Act, ...]:
        """In call order."""
        return tuple(self.found)

    def add(self, act: facts.Act, new_call: NewCall | None) -> None:
        """Take the next call in."""
        self.found.append(act)
        if isinstance(act, facts.Trigger) and act.counts:
            self.room -= 1
        if new_call is None:
            return
        self.new_calls.append(new_call)
        if new_call.caller_key and new_call.child and new_call.child.id and self.room >= 0:
            self.keys[new_call.caller_key] = new_call.child.id


def sort_calls(step: Step, offered: Offered, calls: Sequence[ToolCall], turn: int) -> SortedCalls:
    """Read every tool call of an answer, in order; nothing is written yet."""
    result = SortedCalls(room=WORKFLOW_CALLS - step.agent.workflow_calls)
    for index, call in enumerate(calls):
        key = f"{step.agent.key}/{turn}/{index}"
        act, new_call = _read(step, offered, call, index, key, result)
        result.add(act, new_call)
        result.rows.append(
            {
                "index": index,
                "id": call.id,
                "name": call.name,
                "args": call.args,
                "result": None,
                "call": act.question if isinstance(act, facts.Ask) else new_call.key if new_call else None,
            }
        )
    return result


def refusal(tool: str, message: str) -> Json:
    """A refused tool call, in the shape that the tool answers in."""
    if agent_tools.CAPABILITY_OF.get(tool) == Capability.TRIGGER_WORKFLOWS.value:
        return envelope("refused", error=message)
    return {"error": message}


def _read(
    step: Step, offered: Offered, call: ToolCall, index: int, key: str, earlier: SortedCalls
) -> tuple[facts.Act, NewCall | None]:
    if call.name not in agent_tools.KNOWN:
        names = ", ".join(spec.name for spec in offered.specs)
        return facts.Reply(index, {"error": f"There is no tool {call.name!r}. Tools: {names}."}), None
    if not offered.allows(call.name):
        needed = agent_tools.CAPABILITY_OF[call.name]
        return facts.Reply(
            index, refusal(call.name, f"The capability {needed} is not enabled on this assignment.")
        ), None
    args = agent_tools.parse_args(call.name, call.args)
    if isinstance(args, str):
        return facts.Reply(index, refusal(call.name, args)), None
    act = _own(call.name, index, key, args)
    if act is not None:
        return act, None
    match call.name:
        case "trigger_workflow" | "start_workflow":
            known = _started_under(step, args.key, earlier) if call.name == "start_workflow" else None
            if known is not None:
                return facts.Reply(index, {"status": "started", "run_id": str(known)}), None
            return _trigger(step, offered, call, index, key, args)
        case "wait_for_workflow":
            return _wait(step, offered, call, index, key, args)
        case _ if call.name in workflow_tools.RUNNERS:
            return facts.Pending(index), None
    return facts.Reply(
        index, refusal(call.name, f"The tool {call.name} is not supported by this version of Baton.")
    ), None


def _own(tool: str, index: int, key: str, args: Any) -> facts.Act | None:
    """What a tool asks for that has nothing to do with other runs."""
    match tool:
        case "share_results":
            return _share(index, args.results)
        case "decide_outcome":
            return facts.Decide(index, args.outcome)
        case "ask_person":
            return facts.Ask(index, key, args.message, args.options, args.timeout, args.channel)
    return None


def _share(index: int, results: dict[str, Json]) -> facts.Act:
    try:
        check_size(results, "results")
    except Invalid as error:
        return facts.Reply(index, {"error": str(error)})
    return facts.Share(index, results)


def _started_under(step: Step, caller_key: str | None, earlier: SortedCalls) -> UUID | None:
    """The run that this run has started under a key of its own, in this very turn or before."""
    if caller_key is None:
        return None
    if caller_key in earlier.keys:
        return earlier.keys[caller_key]
    calls = WorkflowCall.objects.filter(run_id=step.run.pk, caller_key=caller_key)
    return calls.values_list("child_id", flat=True).first()


def _trigger(
    step: Step, offered: Offered, call: ToolCall, index: int, key: str, args: Any
) -> tuple[facts.Act, NewCall | None]:
    waits_for_it = call.name == "trigger_workflow"
    caller_key = None if waits_for_it else args.key
    run = step.run
    try:
        target = find_target(
            run.project_id,
            run.lineage,
            args.workflow,
            args.context,
            allowed=offered.assignment.allowed_workflows,
            dry=run.dry,
        )
    except Refused as refused:
        told = facts.Trigger(
            index,
            key,
            refused.known or args.workflow,
            waits_for_it,
            context=args.context,
            refusal=refused.message,
            detail=refused.detail,
            known=refused.known is not None,
        )
        return told, None
    timeout = (args.timeout or offered.assignment.trigger_timeout) if waits_for_it else None
    child = child_id_for(run.pk, key)
    act = facts.Trigger(index, key, target.name, waits_for_it, timeout=timeout, run_id=str(child), context=target.input)
    status = CallStatus.WAITING if waits_for_it else CallStatus.STARTED
    new_call = NewCall(
        key,
        target.name,
        status,
        agent_key=step.agent.key,
        tool_call_id=call.id,
        child=new_child(run, target, key, "agent"),
        timeout=timeout,
        caller_key=caller_key,
    )
    return act, new_call


def _wait(
    step: Step, offered: Offered, call: ToolCall, index: int, key: str, args: Any
) -> tuple[facts.Act, NewCall | None]:
    row = workflow_tools.run_of_project(step.run, args.run_id)
    if row is None or row.pk == step.run.pk:
        return facts.Reply(index, refusal(call.name, f"There is no run {args.run_id} to wait for.")), None
    state = state_of(row)
    if state.over:
        return facts.Reply(index, final_envelope(row.pk, state)), None
    timeout = args.timeout or offered.assignment.trigger_timeout
    act = facts.Trigger(
        index, key, row.workflow_name, True, timeout=timeout, run_id=str(row.pk), context="", counts=False
    )
    new_call = NewCall(
        key,
        row.workflow_name,
        CallStatus.WAITING,
        agent_key=step.agent.key,
        tool_call_id=call.id,
        child_id=row.pk,
        timeout=timeout,
    )
    return act, new_call


def settle_finished_children(run_id: UUID, calls: Sequence[NewCall]) -> None:
    """A run that was waited for may have ended between the look at it and the commit of the wait."""
    for call in calls:
        if call.child_id is not None:
            waits.return_if_ended(run_id, call.key)


def run_pending(step: Step, agent_run: UUID, rows: Sequence[dict[str, Json]]) -> dict[int, Json]:
    """Run the tools that a stored turn left; doing so again after a crash changes nothing twice."""
    return {row["index"]: workflow_tools.run(step, agent_run, row) for row in rows}
