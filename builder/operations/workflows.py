"""Creating, replacing, changing, archiving and deleting workflows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from builder.canonical import block_of
from builder.errors import EditedMeanwhile
from builder.history import Deed
from builder.models import AllowedWorkflow, Assignment, Hook, Route, Workflow
from builder.operations.storing import naming_workflow, republish, specs_of, store_new, store_over
from builder.publish import hold, read_stored
from builder.rings import GONE, edited
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
        return store_new(project.pk, raw, Deed(caller.user, "create", "Created the workflow"))


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
        store_over(locked, block, Deed(caller.user, "replace", "Replaced the definition"))
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
            deed = Deed(caller.user, "replace", f"Changed {', '.join(map(str, block))}")
            store_over(locked, {**block_of(read_stored(locked)), **block}, deed)
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
        befores = specs_of(naming_workflow(locked))
        _turn_away(locked)
        locked.delete()
        transaction.on_commit(partial(edited, workflow.pk, GONE))
        republish(befores, Deed(caller.user, "delete_target", f"The workflow {workflow.name} was deleted"))


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


def _turn_away(workflow: Workflow) -> None:
    """Take `workflow` out of everything that names it."""
    assignments = Assignment.objects.filter(~Q(stage__workflow=workflow), allowed__workflow=workflow)
    for assignment in assignments.prefetch_related("allowed"):
        _disallow(assignment)
    Route.objects.filter(target_workflow=workflow).delete()
    Hook.objects.filter(target_workflow=workflow).delete()
    AllowedWorkflow.objects.filter(workflow=workflow).delete()


def _disallow(assignment: Assignment) -> None:
    if len(assignment.allowed.all()) == 1:
        assignment.capabilities = [name for name in assignment.capabilities if name != Capability.TRIGGER_WORKFLOWS]
    assignment.version += 1
    assignment.save(update_fields=["capabilities", "version"])
