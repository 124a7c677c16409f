"""Creating, replacing, changing, archiving and deleting workflows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from builder.canonical import block_of
from builder.errors import EditedMeanwhile
from builder.models import AllowedWorkflow, Assignment, Hook, Route, Workflow
from builder.operations.storing import republish, store_new, store_over
from builder.publish import hold
from builder.reading import read_workflow
from builder.spec import Capability
from projects.access import Caller, Role, require
from projects.errors import Detail, Invalid
from projects.models import Project

# What an answer tells of a workflow beside its block. It may be sent back: what was read can be written.
TOLD = ("id", "version", "revision", "archived")


def create_workflow(caller: Caller, project: Project, raw: Any) -> Workflow:
    """Store the block `raw` as a new workflow of `project`. Raises Invalid, Conflict (the name is taken), Forbidden."""
    require(caller, project, Role.EDITOR)
    with transaction.atomic():
        hold(project.pk)
        return store_new(project.pk, raw)


def replace_workflow(caller: Caller, workflow: Workflow, raw: Any) -> Workflow:
    """Make `workflow` what the block `raw` says; what it leaves out gets its default.

    The block may carry what an answer tells beside it: `revision` must then be the current one (else Conflict), and
    `archived` is set. References of other workflows follow a new name.
    """
    require(caller, workflow.project, Role.EDITOR)
    with transaction.atomic():
        locked = _locked(workflow)
        block, told = _parted(raw)
        _check_told(locked, told)
        store_over(locked, block)
        _archive(locked, told.get("archived"))
        return locked


def patch_workflow(caller: Caller, workflow: Workflow, raw: Any) -> Workflow:
    """Change the fields of `workflow` that `raw` names, each as a whole; as `replace_workflow` else."""
    require(caller, workflow.project, Role.EDITOR)
    with transaction.atomic():
        locked = _locked(workflow)
        block, told = _parted(raw)
        _check_told(locked, told)
        if block:
            store_over(locked, {**block_of(read_workflow(locked.pk)), **block})
        _archive(locked, told.get("archived"))
        return locked


def delete_workflow(caller: Caller, workflow: Workflow) -> None:
    """Delete `workflow`; its versions and runs stay.

    What named it is turned in the same transaction: routes of other workflows go to the next stage, hooks that started
    it are taken out, allow-lists lose it. An allow-list that would become empty, and so allow everything, takes the
    capability `trigger_workflows` with it.
    """
    require(caller, workflow.project, Role.EDITOR)
    with transaction.atomic():
        locked = _locked(workflow)
        touched = _turn_away(locked)
        locked.delete()
        republish(touched)


def _locked(workflow: Workflow) -> Workflow:
    hold(workflow.project_id)
    return Workflow.objects.select_related("project").get(pk=workflow.pk)


def _parted(raw: Any) -> tuple[Any, dict[str, Any]]:
    if not isinstance(raw, Mapping):
        raise Invalid("The workflow has problems.", details=[Detail(path="", message="must be an object")])
    told = {key: raw[key] for key in TOLD if key in raw}
    return {key: value for key, value in raw.items() if key not in TOLD}, told


def _check_told(workflow: Workflow, told: Mapping[str, Any]) -> None:
    problems = []
    if "id" in told and told["id"] != workflow.pk:
        problems.append(Detail(path="id", message="is the id of another object; an id cannot be changed"))
    if "archived" in told and not isinstance(told["archived"], bool):
        problems.append(Detail(path="archived", message="must be true or false"))
    if type(told.get("revision", 1)) is not int:
        problems.append(Detail(path="revision", message="must be a whole number"))
    if problems:
        raise Invalid("The workflow has problems.", details=problems)
    revision = told.get("revision", workflow.revision)
    if revision != workflow.revision:
        raise EditedMeanwhile("workflow", expected=revision, actual=workflow.revision)


def _archive(workflow: Workflow, archived: bool | None) -> None:
    if archived is None or archived is (workflow.archived_at is not None):
        return
    workflow.archived_at = timezone.now() if archived else None
    workflow.revision += 1
    workflow.save(update_fields=["archived_at", "revision", "updated_at"])


def _turn_away(workflow: Workflow) -> set[int]:
    """Take `workflow` out of everything that names it; the ids of the other workflows that this changed."""
    others = ~Q(stage__workflow=workflow)
    routes = Route.objects.filter(target_workflow=workflow)
    hooks = Hook.objects.filter(target_workflow=workflow)
    assignments = Assignment.objects.filter(others, allowed__workflow=workflow).prefetch_related("allowed")
    touched = set(routes.values_list("outcome__stage__workflow_id", flat=True))
    touched |= set(hooks.values_list("stage__workflow_id", flat=True))
    for assignment in assignments.select_related("stage"):
        touched.add(assignment.stage.workflow_id)
        _disallow(assignment)
    routes.delete()
    hooks.delete()
    AllowedWorkflow.objects.filter(workflow=workflow).delete()
    return touched - {workflow.pk}


def _disallow(assignment: Assignment) -> None:
    if len(assignment.allowed.all()) == 1:
        assignment.capabilities = [name for name in assignment.capabilities if name != Capability.TRIGGER_WORKFLOWS]
    assignment.version += 1
    assignment.save(update_fields=["capabilities", "version"])
