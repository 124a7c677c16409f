"""One turn of one agent: compose or restore the conversation, ask the model, sort its tool calls, bring the fact."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from agents.runtime import prompt, turn
from agents.runtime.errors import PassingError, PermanentError
from agents.tools import ask_person
from builder.spec import AgentSpec, AssignmentSpec, StageSpec
from projects import rows
from runs import ahead, store
from runs.advance import apply
from runs.batch import Outcome, Step
from runs.effects import earlier, tools
from runs.engine import facts
from runs.engine.beside import Message
from runs.engine.decision import Decision
from runs.engine.messages import unheard
from runs.engine.results import known_values
from runs.errors import LeaseLost
from runs.faults import crash_point
from runs.ids import agent_run_id, call_id, gate_id
from runs.leases import keeper
from runs.models import AgentTurn, Gate, WorkflowCall
from runs.questions import question_results
from runs.store import TurnRecord
from runs.turnstile import stepped_out

Json = Any


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of an agent run so far, the last answer included, and the messages to send next."""

    messages: list[Json]
    request: list[Json]
    offered: tools.Offered  # the tools as the agent was told of them


@dataclass(frozen=True, slots=True)
class _Job:
    """What a step works on, looked up once."""

    step: Step
    stage: StageSpec
    assignment: AssignmentSpec
    agent: AgentSpec

    @property
    def id(self) -> UUID:
        return agent_run_id(self.step.run.pk, self.step.agent.key)


def carry_out(step: Step) -> Outcome:
    """Do a claimed step and bring what came of it to the run; the outcome holds the next step."""
    stage = step.frozen.workflow.stages[step.state.stage]
    assignment = stage.assignments[step.agent.position]
    name = assignment.fallback_agent if step.agent.stand_in and assignment.fallback_agent else assignment.agent
    job = _Job(step, stage, assignment, step.frozen.agent(name))
    crash_point("claim.after")
    return _run_tools(job) if step.agent.pending_tools else _take_turn(job)


# The model


def _model_of(job: _Job) -> str | None:
    if job.step.agent.spare_model:
        return job.agent.fallback_model
    return job.agent.model or job.step.frozen.default_model


def _take_turn(job: _Job) -> Outcome:
    agent = job.step.agent
    model = _model_of(job)
    if model is None:
        message = f"The agent {job.agent.name} has no model. Set one on it, or a default model on the project."
        return _failed(job, facts.TurnFailed(agent.key, agent.epoch, False, "no_model", message))
    conversation = job.step.conversation or _restore(job)
    told = unheard(job.step.state, agent.key) if job.step.state.messages else []
    if told:
        conversation = _with_messages(conversation, told)
    request = turn.TurnRequest(
        model=model,
        messages=[*conversation.messages, *conversation.request],
        tools=conversation.offered.specs,
        timeout=job.assignment.timeout,
        script=job.agent.script,
        values=_script_values(job),
    )
    at = timezone.now()
    try:
        future = turn.begin_turn(request)
        answer = future.result() if future.done() else _await(job, future)
    except CancelledError:
        raise LeaseLost from None
    except PassingError as error:
        return _failed(job, _passing(job, error))
    except PermanentError as error:
        message = f"The model {model} of agent {job.agent.name} refused: {error.message}"
        return _failed(job, facts.TurnFailed(agent.key, agent.epoch, False, error.kind, message))
    crash_point("model.answered")
    try:
        return _store_answer(job, model, conversation, answer, at, len(told))
    except IntegrityError:
        # Another agent of this run started something under the same key just now; looked up again, its start is found.
        return _store_answer(job, model, conversation, answer, at, len(told))


def _await(job: _Job, future: Future[turn.TurnAnswer]) -> turn.TurnAnswer:
    """Wait for a model, and let others compute meanwhile."""
    keeper.attach(job.id, future)
    with stepped_out():
        return future.result()


def _passing(job: _Job, error: PassingError) -> facts.TurnFailed:
    agent = job.step.agent
    return facts.TurnFailed(
        agent=agent.key,
        epoch=agent.epoch,
        passing=True,
        kind=error.kind,
        message=error.message,
        jitter=random.uniform(0.5, 1.0),  # noqa: S311 - spreading retries is not cryptography
        retry_after=error.retry_after,
        has_spare_model=job.agent.fallback_model is not None,
    )


def _failed(job: _Job, fact: facts.TurnFailed) -> Outcome:
    return apply(job.step.run.pk, fact, worker=True)


def _script_values(job: _Job) -> Mapping[str, Json]:
    known = known_values(job.step.state, stage=job.stage.name, agent=job.agent.name)
    return {**known, "attempt_failures": job.step.agent.failures}


def _store_answer(
    job: _Job, model: str, conversation: Conversation, answer: turn.TurnAnswer, at: Any, heard: int
) -> Outcome:
    """Store the answer, with everything its tools do to rows of our own, in one commit."""
    agent = job.step.agent
    sorted_calls = tools.sort_calls(job.step, conversation.offered, answer.calls, agent.turn + 1)
    record = TurnRecord(
        agent_key=agent.key,
        number=agent.turn + 1,
        model=model,
        request=conversation.request,
        response=answer.message,
        tools=sorted_calls.rows,
        usage=_usage(answer.usage),
        reasoning=answer.reasoning,
        at=at,
        seconds=answer.seconds,
    )
    fact = facts.TurnTaken(
        agent=agent.key,
        epoch=agent.epoch,
        text=answer.text,
        acts=sorted_calls.acts,
        tools=tuple(call.name for call in answer.calls),
        message=answer.more,
        last=answer.last,
        usage=record.usage,
        warnings=answer.warnings,
        turn=record.number,
        heard=heard,
    )
    new = sorted_calls.new_calls
    outcome = ahead.turn_taken(job.step, fact, record, new, after=_inside_the_commit) or apply(
        job.step.run.pk, fact, worker=True, turn=record, calls=new, after=_inside_the_commit
    )
    crash_point("answer.stored")
    if outcome.step is not None and outcome.step.run.pk != job.step.run.pk:
        crash_point("parent.woken")
    tools.settle_finished_children(job.step.run.pk, new)
    if outcome.step is not None and _goes_on(outcome.step, job.step):
        messages = [*conversation.messages, *conversation.request, answer.message]
        kept = Conversation(messages, _next_request(record.tools, answer.more), conversation.offered)
        outcome.step = outcome.step.with_conversation(kept)
    return outcome


def _inside_the_commit(work: store.Work, decision: Decision, now: datetime) -> None:
    """Where a crash undoes everything that the answer brought."""
    if decision.accepted or decision.route is not None:
        crash_point("child.created")
    if decision.state.over:
        crash_point("run.ended")


def _usage(usage: turn.Usage) -> dict[str, Json]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "requests": usage.requests,
        "cost": usage.cost,
    }


def _goes_on(step: Step, before: Step) -> bool:
    """Whether the same agent takes its next turn now, which need not look into the database for what was said."""
    same = step.run.pk == before.run.pk and step.agent.key == before.agent.key
    return same and not step.agent.pending_tools and step.agent.base == before.agent.base


# The conversation


def _with_messages(conversation: Conversation, told: Sequence[Message]) -> Conversation:
    """The conversation with what people told the run since the agent's last turn, at the end of what is sent next."""
    said = [turn.user_message(f"A message from {message.by}:\n\n{message.text}") for message in told]
    return replace(conversation, request=[*conversation.request, *said])


def _next_request(returned: list[dict[str, Json]], more: bool) -> list[Json]:
    if not returned:
        return [turn.user_message("Go on.")] if more else []
    pairs = [(turn.ToolCall(row["id"], row["name"], row["args"]), row["result"]) for row in returned]
    return [turn.tool_returns(pairs)]


def _restore(job: _Job) -> Conversation:
    """Build the conversation from stored turns; the first turn composes the prompt."""
    agent = job.step.agent
    offered = tools.offered_to(job.step.run.project_id, job.stage, job.assignment)
    turns = (
        rows.select(AgentTurn, "agent_run_id = %s AND number > %s ORDER BY number", [job.id, agent.base])
        if agent.turn > agent.base
        else []
    )
    if not turns:
        return Conversation([], turn.first_messages(_prompt(job, offered)), offered)
    messages: list[Json] = []
    for row in turns:
        messages.extend([*row.request, row.response])
    returned = _with_envelopes(job.step.run.pk, turns[-1].tools)
    return Conversation(messages, _next_request(returned, more=not returned), offered)


def _with_envelopes(run_id: UUID, tools_of_turn: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The tools of a turn with the results of the calls that have come back since."""
    keys = [row["call"] for row in tools_of_turn if row.get("call") and row["result"] is None]
    if not keys:
        return tools_of_turn
    asked = [row["call"] for row in tools_of_turn if row["name"] == ask_person.NAME and row.get("call")]
    places = ", ".join(["%s"] * len(keys))
    calls = rows.select(WorkflowCall, f"id IN ({places})", [call_id(run_id, key) for key in keys])
    envelopes: dict[str, Json] = {call.key: call.envelope for call in calls}
    if asked:
        envelopes |= question_results(Gate.objects.filter(pk__in=[gate_id(run_id, key) for key in asked]))
    return [{**row, "result": envelopes.get(row["call"])} if row["result"] is None else row for row in tools_of_turn]


def _prompt(job: _Job, offered: tools.Offered) -> prompt.Prompt:
    state = job.step.state
    return prompt.Prompt(
        role=job.agent.role,
        perspective=job.agent.perspective,
        task=job.stage.task,
        directive=job.assignment.directive,
        input=state.input,
        earlier=earlier.stages_before(job.step.run.pk, state.entry, job.step.agent.position, job.stage.mode),
        results=state.values.results,
        hooks=state.values.hooks,
        workflows=state.values.workflows,
        tools=offered.specs,
        share=job.assignment.share,
    )


# Tools that run between transactions


def _run_tools(job: _Job) -> Outcome:
    agent, run = job.step.agent, job.step.run
    stored = AgentTurn.objects.get(agent_run_id=job.id, number=agent.turn)
    results = tools.run_pending(job.step, job.id, [row for row in stored.tools if row["index"] in agent.pending_tools])
    crash_point("tools.run")
    fact = facts.ToolsRun(agent.key, agent.epoch, agent.turn)

    def keep(work: store.Work, decision: Any, now: Any) -> None:
        store.save_tool_results(run.pk, agent.key, agent.turn, results)

    return apply(run.pk, fact, worker=True, after=keep)
