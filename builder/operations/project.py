"""Changes of a project's own settings that its workflows' versions depend on."""

from __future__ import annotations

from django.db import transaction

from builder.models import Workflow
from projects.access import Caller, Role, require
from projects.models import Project
from projects.operations import check_model, rename_project


def rename(caller: Caller, project: Project, name: str) -> None:
    """Change the project's name; its slug stays."""
    require(caller, project, Role.EDITOR)
    rename_project(project, name)


def set_default_model(caller: Caller, project: Project, model: str | None) -> None:
    """Change the model of the agents that name none. Runs under way keep the one of their version."""
    require(caller, project, Role.EDITOR)
    check_model(model)
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(default_model=model)
        Workflow.objects.filter(project=project).update(current_version=None)
