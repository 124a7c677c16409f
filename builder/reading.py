"""From rows to the definition that they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from agents.models import Agent
from builder.models import Assignment, Hook, Outcome, Route, Stage, Trigger, Workflow
from builder.references import Known, names
from builder.spec import END, AgentSpec, WorkflowSpec
from projects import rows


def with_parts(workflows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """`workflows` with everything that `workflow_spec` reads, in a fixed number of queries."""
    return workflows.prefetch_related(
        Prefetch(
            "stages__outcomes",
            Outcome.objects.select_related("route__target_stage", "route__target_workflow", "route__continue_stage"),
        ),
        Prefetch("stages__assignments", Assignment.objects.select_related("agent", "fallback_agent")),
        "stages__assignments__allowed__workflow",
        Prefetch("stages__hooks", Hook.objects.select_related("target_workflow")),
        "triggers",
    )


def read_workflow(workflow_id: int) -> WorkflowSpec:
    """The definition of one workflow."""
    return workflow_spec(with_parts(Workflow.objects.all()).get(pk=workflow_id))


def workflow_spec(workflow: Workflow) -> WorkflowSpec:
    """The definition that `workflow`'s rows mean; fetch many through `with_parts`."""
    return WorkflowSpec.model_validate(
        {
            "name": workflow.name,
            "description": workflow.description,
            "input_schema": workflow.input_schema,
            "output_schema": workflow.output_schema,
            "stages": [_stage(stage) for stage in workflow.stages.all()],
            "triggers": [_trigger(trigger) for trigger in workflow.triggers.all()],
        }
    )


def agent_spec(agent: Agent) -> AgentSpec:
    """The definition that an agent's row means."""
    return AgentSpec.model_validate(
        {
            "name": agent.name,
            "role": agent.role,
            "perspective": agent.perspective,
            "model": agent.model,
            "fallback_model": agent.fallback_model,
            "script": agent.script,
            "subagent_script": agent.subagent_script,
        }
    )


def known_in(project_id: int) -> Known:
    """The names of the project's agents and workflows."""
    agents = rows.query("SELECT name FROM agents_agent WHERE project_id = %s", [project_id])
    workflows = rows.query("SELECT name FROM builder_workflow WHERE project_id = %s", [project_id])
    return Known(agents=names(name for (name,) in agents), workflows=names(name for (name,) in workflows))


def _stage(stage: Stage) -> dict[str, Any]:
    outcomes = list(stage.outcomes.all())
    hooks = list(stage.hooks.all())
    return {
        "name": stage.name,
        "task": stage.task,
        "mode": stage.mode,
        "max_cycles": stage.max_cycles,
        "max_visits": stage.max_visits,
        "assignments": [_assignment(assignment) for assignment in stage.assignments.all()],
        "outcomes": [outcome.label for outcome in outcomes],
        "default_outcome": next((outcome.label for outcome in outcomes if outcome.is_default), None),
        "routes": {outcome.label: _route(outcome.route) for outcome in outcomes if hasattr(outcome, "route")},
        "entry_hooks": _hooks(hooks, Hook.Moment.ENTRY),
        "exit_hooks": _hooks(hooks, Hook.Moment.EXIT),
    }


def _assignment(assignment: Assignment) -> dict[str, Any]:
    fallback = assignment.fallback_agent
    return {
        "agent": assignment.agent.name,
        "directive": assignment.directive,
        "capabilities": assignment.capabilities,
        "allowed_workflows": [allowed.workflow.name for allowed in assignment.allowed.all()],
        "share": assignment.share,
        "retries": {
            "attempts": assignment.attempts,
            "backoff": assignment.backoff,
            "max_backoff": assignment.max_backoff,
        },
        "timeout": assignment.timeout,
        "trigger_timeout": assignment.trigger_timeout,
        "workflow_tools": assignment.workflow_tools,
        "fallback_agent": fallback.name if fallback else None,
        "last_resort": assignment.last_resort,
        "on_failure": assignment.on_failure,
    }


def _route(route: Route) -> dict[str, Any]:
    if route.target_workflow is None:
        return {"stage": route.target_stage.name if route.target_stage else END}
    return {
        "workflow": route.target_workflow.name,
        "input": route.input,
        "continue_at": route.continue_stage.name if route.continue_stage else END,
        "timeout": route.timeout,
    }


def _hooks(hooks: Iterable[Hook], moment: str) -> list[dict[str, Any]]:
    return [_hook(hook) for hook in hooks if hook.moment == moment]


def _hook(hook: Hook) -> dict[str, Any]:
    named = {"workflow": hook.target_workflow.name} if hook.target_workflow else {}
    return {**hook.block, **named}


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {**trigger.block, "enabled": trigger.enabled}
