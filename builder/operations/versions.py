"""Going back to an earlier version of a workflow."""

from __future__ import annotations

from django.db import transaction

from builder.canonical import block_of
from builder.history import Deed
from builder.models import Workflow, WorkflowVersion
from builder.operations.storing import store_over
from builder.publish import hold
from builder.spec import FrozenVersion
from projects.access import Caller, Role, require


def restore_version(caller: Caller, workflow: Workflow, version: WorkflowVersion) -> Workflow:
    """Make `workflow` what it was in `version`: its block, not its agents, which others use too.

    The name stays as it is now, and triggers come back switched off. Raises Invalid where the block names agents or
    workflows that are gone.
    """
    require(caller, workflow.project, Role.EDITOR)
    with transaction.atomic():
        hold(workflow.project_id)
        locked = Workflow.objects.select_related("project").get(pk=workflow.pk)
        block = block_of(FrozenVersion.model_validate(version.content).workflow)
        deed = Deed(caller.user, "restore", f"Restored version {version.number}")
        store_over(locked, {**block, "name": locked.name}, deed, once_called=version.workflow_name)
        return locked
