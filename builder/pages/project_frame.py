"""What stands around every page of a project: its name, its tabs, and what the viewer may do there."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from projects.access import Caller, Role, role_of
from projects.models import Project

Json = Any
_PAGES = {
    "Workflows": "project",
    "Agents": "agents",
    "Runs": "project-runs",
    "Dashboard": "project-dashboard",
    "Settings": "project-settings",
}


def frame(caller: Caller, project: Project, current: str) -> dict[str, Json]:
    """The part of the context that all pages of a project share; `current` is the label of the page's tab."""
    role = role_of(caller, project)
    return {
        "project": {
            "name": project.name,
            "slug": project.slug,
            "url": reverse("project", args=[project.slug]),
            "description": project.description,
            "default_model": project.default_model,
            "role": role.value if role else "",
        },
        "tabs": project_tabs(project, current),
        "can_edit": role is not None and role >= Role.EDITOR,
        "is_owner": role is Role.OWNER,
    }


def project_tabs(project: Project, current: str) -> list[dict[str, Json]]:
    """The pages of a project."""
    return [
        {"label": label, "url": reverse(name, args=[project.slug]), "current": label == current}
        for label, name in _PAGES.items()
    ]
