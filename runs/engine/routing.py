"""How a run moves: entering stages, their hooks, the outcome, the route, the loop guard, and the end."""

from __future__ import annotations

from agents.runtime.values import holds, render
from builder.spec import END, ApprovalHook, Mode, StageRoute, WorkflowRoute
from runs.engine import messages
from runs.engine.again import call_again
from runs.engine.asking import OpenGate
from runs.engine.decision import NewGate, RouteRequest
from runs.engine.draft import Draft
from runs.engine.limits import STAGE_RUNS
from runs.engine.results import known_values, narrative, run_result
from runs.engine.state import AgentState, Failure, Phase, RoutedCall
from runs.engine.status import RunStatus, StageStatus

AT_WORK = frozenset({Phase.ENTRY, Phase.AGENTS, Phase.EXIT, Phase.LEAVE})


def progress(draft: Draft) -> None:
    """Carry the run on until it has to wait for something or has ended."""
    while not draft.state.over and not draft.state.paused:
        moved = _STEPS[draft.state.phase](draft)
        if not moved:
            return


def _begin(draft: Draft) -> bool:
    restart = draft.state.restart
    if restart is None:
        enter(draft, 0)
    elif restart.again:
        call_again(draft, restart, restart.again[0])
    else:
        draft.change(restart=None)
        enter(draft, restart.stage)
    return True


def enter(draft: Draft, index: int) -> None:
    """Begin a visit to a stage. The loop guard has been asked before."""
    state = draft.state
    if state.entry >= STAGE_RUNS:
        fail_run(draft, "stage_limit", f"The run has used up its {STAGE_RUNS} stage visits.")
        return
    visits = {**state.visits, str(index): state.visits.get(str(index), 0) + 1}
    draft.change(
        phase=Phase.ENTRY,
        entry=state.entry + 1,
        stage=index,
        visit=visits[str(index)],
        visits=visits,
        hook=0,
        gate=None,
        call=None,
        target=None,
        agents=(),
        gate_outcome=None,
        gate_decided=False,
        outcome=None,
        decided_by=None,
        messages=tuple(message for message in state.messages if not message.to),
    )
    draft.put_stage(StageStatus.RUNNING, began=True)
    draft.emit("stage.started", visit=draft.state.visit, entry=draft.state.entry)


# Hooks


def _entry_hooks(draft: Draft) -> bool:
    return _hooks(draft, "entry", Phase.AGENTS)


def _exit_hooks(draft: Draft) -> bool:
    return _hooks(draft, "exit", Phase.LEAVE)


def _hooks(draft: Draft, edge: str, after: Phase) -> bool:
    """Run the hooks of one edge in order. False while a gate is open."""
    if draft.state.gate is not None:
        return False
    hooks = draft.stage.entry_hooks if edge == "entry" else draft.stage.exit_hooks
    while draft.state.hook < len(hooks):
        index = draft.state.hook
        hook = hooks[index]
        if hook.when is not None and not holds(hook.when, known_values(draft.state, stage=draft.stage.name)):
            draft.change(hook=index + 1)
            draft.emit("hook.finished", hook=hook.name, hook_kind=hook.kind, skipped=True)
            continue
        if not isinstance(hook, ApprovalHook):
            fail_run(draft, "not_supported", f"The hook kind {hook.kind} is not run by this version of Baton.")
            return True
        _open_gate(draft, hook, edge, index)
        return False
    draft.change(phase=after, hook=0)
    return True


def _open_gate(draft: Draft, hook: ApprovalHook, edge: str, index: int) -> None:
    key = f"{draft.state.entry}/{edge}/{index}"
    message = render(hook.message, known_values(draft.state, stage=draft.stage.name))
    warn_unknown(draft, f"the gate {hook.name or draft.stage.name}", message.unknown)
    for channel in hook.channels:
        if channel != "inbox":
            draft.warn(
                "channel_not_configured", f"The channel {channel} is not configured; the gate waits in the inbox."
            )
    draft.emit("hook.started", hook=hook.name, hook_kind=hook.kind)
    draft.change(gate=OpenGate(key, edge, index))
    deadline = hook.deadline.after if hook.deadline else None
    first = min(hook.reminders, default=None)
    draft.opened.append(NewGate(key, draft.state.entry, edge, index, str(message.value), deadline, first))
    draft.emit("gate.opened", gate=hook.name, options=list(hook.options), deadline=deadline)


def warn_unknown(draft: Draft, where: str, unknown: tuple[str, ...]) -> None:
    """One warning for the names in double braces that stood for nothing."""
    if unknown:
        draft.warn("unknown_value", f"In {where}, {', '.join(unknown)} names nothing and stays as written.")


# Agents


def _agents(draft: Draft) -> bool:
    """Start the agents of the visit; True when all of them have ended."""
    wanted = len(draft.stage.assignments)
    if draft.stage.mode is Mode.SEQUENCE:
        if all(agent.over for agent in draft.state.agents) and len(draft.state.agents) < wanted:
            _start_agent(draft, len(draft.state.agents))
    elif not draft.state.agents:
        for position in range(wanted):
            _start_agent(draft, position)
    active = [agent.key for agent in draft.state.agents if not agent.over]
    if active:
        if draft.state.messages:
            messages.hand_out(draft, active)
        return False
    texts = narrative(agent.text for agent in draft.state.agents)
    if texts:
        draft.remember(narrative=texts)
    draft.change(phase=Phase.EXIT, hook=0)
    return True


def _start_agent(draft: Draft, position: int) -> None:
    draft.put_agent(AgentState(key=f"{draft.state.entry}/{position}", position=position), began=True)


def fail_stage(draft: Draft, failure: Failure) -> None:
    """An agent failed its stage: routed where the stage declares `error`, else the run fails."""
    draft.drop_open_work()
    if "error" in draft.stage.outcomes:
        draft.warn("stage_failed", failure.message)
        draft.change(outcome="error", decided_by="error", phase=Phase.LEAVE)
        return
    end_visit(draft, StageStatus.FAILED, decided_by="error")
    draft.end(RunStatus.FAILED, error=failure, message=failure.message, code=failure.code, agent=failure.agent)


def end_visit(draft: Draft, status: StageStatus, decided_by: str | None = None) -> None:
    """End the current visit without an outcome, because the run ends: `status` is failed or cancelled."""
    draft.change(outcome=None, decided_by=decided_by)
    draft.put_stage(status)
    draft.emit("stage.finished", outcome=None, visit=draft.state.visit, **{status.value: True})


def fail_run(draft: Draft, code: str, message: str, agent: str | None = None) -> None:
    """End the run as failed, whatever its stages declare."""
    draft.drop_open_work()
    if draft.state.phase in AT_WORK:
        end_visit(draft, StageStatus.FAILED)
    failure = Failure(code, message, draft.stage_name, agent)
    draft.end(RunStatus.FAILED, error=failure, message=message, code=code, agent=agent)


# Outcome and route


def _leave(draft: Draft) -> bool:
    """The visit is over: decide its outcome by the order of the rules, and follow the route."""
    _decide(draft, *_outcome(draft))
    return True


def _outcome(draft: Draft) -> tuple[str | None, str, dict[str, object]]:
    """The outcome, who decided it, and what else the record keeps."""
    state, stage = draft.state, draft.stage
    if state.outcome is not None:
        return state.outcome, state.decided_by or "none", {}
    if state.gate_decided and state.gate_outcome is not None:
        return state.gate_outcome, state.decided_by or "gate", {}
    decided = [agent for agent in sorted(state.agents, key=lambda agent: agent.position) if agent.decision is not None]
    if decided:
        others = [{"agent": draft.agent_name(agent), "outcome": agent.decision} for agent in decided[:-1]]
        return decided[-1].decision, "agent", {"by": draft.agent_name(decided[-1]), "others": others}
    return stage.default_outcome, "default" if stage.default_outcome else "none", {}


def _decide(draft: Draft, outcome: str | None, decided_by: str, record: dict[str, object]) -> None:
    draft.change(outcome=outcome, decided_by=decided_by, phase=Phase.NEXT)
    if outcome is not None:
        draft.emit("outcome.decided", outcome=outcome, decided_by=decided_by, **record)
    draft.put_stage(StageStatus.DONE)
    draft.emit("stage.finished", outcome=outcome, decided_by=decided_by, visit=draft.state.visit)
    route = draft.stage.routes.get(outcome) if outcome is not None else None
    if route is None:
        follow(draft, None)
    elif isinstance(route, StageRoute):
        draft.emit("route.taken", outcome=outcome, to="end" if route.stage == END else "stage", stage=route.stage)
        follow(draft, route.stage)
    else:
        _call_workflow(draft, route)


def _call_workflow(draft: Draft, route: WorkflowRoute) -> None:
    rendered = render(route.input, known_values(draft.state, stage=draft.stage.name))
    warn_unknown(draft, f"the input for {route.workflow}", rendered.unknown)
    draft.emit(
        "route.taken",
        outcome=draft.state.outcome,
        to="workflow",
        workflow=route.workflow,
        continue_at=route.continue_at,
    )
    key = f"route/{draft.state.entry}"
    draft.change(phase=Phase.CALL, call=RoutedCall(key, route.workflow, route.continue_at))
    draft.route = RouteRequest(key, draft.state.entry, route.workflow, rendered.value, route.timeout)


def _waits_for_call(draft: Draft) -> bool:
    return False


def _continue(draft: Draft) -> bool:
    follow(draft, draft.state.target)
    return True


def follow(draft: Draft, target: str | None) -> None:
    """Go to a stage by name, to the end, or (None) to the next stage; the loop guard has its say."""
    if target == END:
        complete(draft)
        return
    current = draft.state.stage
    index = current + 1 if target is None else draft.definition.frozen.stage_index(target)
    count = len(draft.definition.workflow.stages)
    if index < count and _used_up(draft, index):
        index = _guard(draft, index)
    if index >= count:
        complete(draft)
        return
    enter(draft, index)


def _used_up(draft: Draft, index: int) -> bool:
    return draft.state.visits.get(str(index), 0) >= draft.definition.workflow.stages[index].max_visits


def _guard(draft: Draft, index: int) -> int:
    """Where the run goes instead of a stage that has used up its visits."""
    stages = draft.definition.workflow.stages
    wanted = stages[index]
    if draft.state.decided_by == "gate":
        draft.warn(
            "guard_overridden",
            f"{wanted.name} is visited more than {wanted.max_visits} times, because a person chose so.",
        )
        return index
    forward = draft.state.stage + 1
    while forward < len(stages) and _used_up(draft, forward):
        forward += 1
    instead = stages[forward].name if forward < len(stages) else None
    draft.emit("guard.reached", wanted=wanted.name, max_visits=wanted.max_visits, instead=instead or "end")
    where = f"went on to {instead}" if instead else "completed"
    draft.warn("guard_reached", f"{wanted.name} has used up its {wanted.max_visits} visits; the run {where}.")
    return forward


def complete(draft: Draft) -> None:
    """The run has come to its end: its result, checked against the output schema."""
    result = run_result(draft.definition.workflow.name, draft.state.values)
    problem = draft.definition.check_result(result.value)
    if problem is not None:
        failure = Failure("output_schema", f"The result does not fit the output schema: {problem}", draft.stage_name)
        draft.end(RunStatus.FAILED, error=failure, message=failure.message, code=failure.code, agent=failure.agent)
        return
    draft.end(RunStatus.COMPLETED, result=result, result_kind=result.kind)


_STEPS = {
    Phase.IDLE: _begin,
    Phase.ENTRY: _entry_hooks,
    Phase.AGENTS: _agents,
    Phase.EXIT: _exit_hooks,
    Phase.LEAVE: _leave,
    Phase.CALL: _waits_for_call,
    Phase.NEXT: _continue,
}
