"""Changes of a project's own settings that its workflows' versions depend on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import transaction

from builder.models import Workflow
from builder.publish import hold
from projects.access import Caller, Role, require
from projects.errors import Conflict, Detail, Invalid
from projects.models import Project
from projects.operations import check_description, check_model, check_name, describe_project, rename_project

Setting = str | None
_CHECKS: dict[str, Callable[..., None]] = {
    "name": check_name,
    "description": check_description,
    "default_model": check_model,
}


def update_settings(
    caller: Caller, project: Project, changes: Mapping[str, Setting], seen: Mapping[str, Setting]
) -> None:
    """Change the named settings, all or none; `seen` holds each as it was when the caller read it.

    Raises Invalid with all problems, Forbidden, and Conflict with what is stored now for each setting that somebody
    else changed meanwhile; its `details` name the setting.
    """
    require(caller, project, Role.EDITOR)
    problems = [detail for name, value in changes.items() for detail in _problems(name, value)]
    if problems:
        raise Invalid("The settings have problems.", details=problems)
    with transaction.atomic():
        stored = hold(project.pk)
        now: dict[str, Setting] = {name: getattr(stored, name) for name in changes}
        others = [Detail(name, value or "") for name, value in now.items() if value not in (seen[name], changes[name])]
        if others:
            raise Conflict("These settings were changed meanwhile.", details=others)
        if changes.get("name"):
            rename(caller, stored, str(changes["name"]))
        if "description" in changes:
            describe(caller, stored, changes["description"] or "")
        if "default_model" in changes:
            set_default_model(caller, stored, changes["default_model"])


def _problems(name: str, value: Setting) -> list[Detail]:
    try:
        _CHECKS[name](value)
    except Invalid as error:
        return error.details
    return []


def rename(caller: Caller, project: Project, name: str) -> None:
    """Change the project's name; its slug stays."""
    require(caller, project, Role.EDITOR)
    rename_project(project, name)


def describe(caller: Caller, project: Project, text: str) -> None:
    """Say what the project is for."""
    require(caller, project, Role.EDITOR)
    describe_project(project, text)


def set_default_model(caller: Caller, project: Project, model: str | None) -> None:
    """Change the model of the agents that name none. Runs under way keep the one of their version."""
    require(caller, project, Role.EDITOR)
    check_model(model)
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(default_model=model)
        Workflow.objects.filter(project=project).update(current_version=None)
