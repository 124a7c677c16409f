"""What names a workflow: whom a new name follows to, and whom its deletion touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.models import AllowedWorkflow, Assignment, Hook, Route, Workflow
from builder.spec import Capability


@dataclass(frozen=True)
class Use:
    """One place that names the workflow. `key` is that of the place's drawer: "target:12:approve"."""

    workflow_id: int
    workflow: str
    stage: str
    how: str
    key: str


def uses_of(workflow: Workflow) -> list[Use]:
    """All of them, by the names of the workflows that they are in; its own stages last."""
    found = [*_routes(workflow), *_hooks(workflow), *_allowed(workflow)]
    return sorted(found, key=lambda use: (use.workflow_id == workflow.pk, use.workflow.casefold(), use.workflow_id))


def may_trigger_any(workflow: Workflow) -> int:
    """How many assignments of the project may trigger every workflow, and so this one, without naming it."""
    able = Assignment.objects.filter(stage__workflow__project=workflow.project_id, allowed=None)
    return sum(Capability.TRIGGER_WORKFLOWS in names for names in able.values_list("capabilities", flat=True))


def _routes(workflow: Workflow) -> Iterator[Use]:
    rows = Route.objects.filter(target_workflow=workflow).select_related("outcome__stage__workflow")
    for row in rows.order_by("outcome__stage__position", "outcome__position"):
        stage, label = row.outcome.stage, row.outcome.label
        yield Use(stage.workflow_id, stage.workflow.name, stage.name, f"outcome {label}", f"target:{stage.pk}:{label}")


def _hooks(workflow: Workflow) -> Iterator[Use]:
    rows = Hook.objects.filter(target_workflow=workflow).select_related("stage__workflow")
    for row in rows.order_by("stage__position", "moment", "position"):
        stage = row.stage
        yield Use(stage.workflow_id, stage.workflow.name, stage.name, f"a hook on {row.moment}", f"hook:{row.pk}")


def _allowed(workflow: Workflow) -> Iterator[Use]:
    rows = AllowedWorkflow.objects.filter(workflow=workflow).select_related(
        "assignment__agent", "assignment__stage__workflow"
    )
    for row in rows.order_by("assignment__stage__position", "assignment__position"):
        agent, stage = row.assignment.agent.name, row.assignment.stage
        how = f"{agent} may trigger it"
        yield Use(stage.workflow_id, stage.workflow.name, stage.name, how, f"assignment:{row.assignment_id}")
