"""What the database itself refuses, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from agents.models import Agent
from builder.models import Assignment, Hook, Outcome, Route, Stage, Trigger, Workflow

BREAKS: dict[str, Callable[[], Any]] = {
    "agent_name_once_per_project": lambda: Agent.objects.update(name_key="same"),
    "agent_has_name": lambda: Agent.objects.filter(name="Ada").update(name=""),
    "agent_model_not_empty": lambda: Agent.objects.update(model=""),
    "agent_fallback_not_empty": lambda: Agent.objects.update(fallback_model=""),
    "workflow_name_once_per_project": lambda: Workflow.objects.update(name_key="same"),
    "workflow_has_name": lambda: Workflow.objects.update(name=""),
    "workflow_revision_from_one": lambda: Workflow.objects.update(revision=0),
    "stage_position_once": lambda: Stage.objects.update(position=7),
    "stage_name_once_per_workflow": lambda: Stage.objects.update(name_key="same"),
    "stage_name_not_reserved": lambda: Stage.objects.filter(name="Draft").update(name_key="end"),
    "stage_mode_known": lambda: Stage.objects.update(mode="swarm"),
    "stage_max_visits_in_bounds": lambda: Stage.objects.update(max_visits=1_001),
    "stage_max_cycles_in_bounds": lambda: Stage.objects.update(max_cycles=0),
    "outcome_label_once_per_stage": lambda: Outcome.objects.update(label="same"),
    "outcome_one_default": lambda: Outcome.objects.update(is_default=True),
    "assignment_position_once": lambda: Assignment.objects.update(position=7),
    "assignment_attempts_in_bounds": lambda: Assignment.objects.update(attempts=11),
    "assignment_backoff_in_bounds": lambda: Assignment.objects.update(backoff=-1),
    "assignment_max_backoff_in_bounds": lambda: Assignment.objects.update(max_backoff=3_601),
    "assignment_timeout_in_bounds": lambda: Assignment.objects.update(timeout=0),
    "assignment_trigger_timeout_in_bounds": lambda: Assignment.objects.update(trigger_timeout=86_401),
    "assignment_on_failure_known": lambda: Assignment.objects.update(on_failure="ignore"),
    "route_has_one_target": lambda: Route.objects.update(target_workflow=Workflow.objects.get(name="Main")),
    "route_timeout_in_bounds": lambda: Route.objects.update(timeout=0),
    "hook_kind_known": lambda: Hook.objects.filter(kind="approval").update(kind="shell"),
    "hook_moment_known": lambda: Hook.objects.update(moment="midway"),
    "hook_target_where_it_has_one": lambda: Hook.objects.update(target_workflow=None),
    "trigger_kind_known": lambda: Trigger.objects.update(kind="rumour"),
    "trigger_name_once_per_workflow": lambda: Trigger.objects.update(name_key="same"),
}


@pytest.mark.parametrize("constraint", BREAKS)
def test_invariants_live_in_the_database(main: Workflow, constraint: str) -> None:
    """Architecture 1.1: the database is the only truth, and keeps its own rules."""
    with pytest.raises(IntegrityError), transaction.atomic():
        BREAKS[constraint]()


def test_a_project_goes_with_all_that_it_holds(main: Workflow) -> None:
    """Interfaces 5: an owner deletes a project; references inside it do not hold it."""
    main.project.delete()
    assert not Workflow.objects.exists()
    assert not Agent.objects.exists()
