"""One project over the API. It stands here, above the builder and the runs, because changing it asks both."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from builder.operations import project as settings_of
from projects.access import Caller, Role, project_for
from projects.api import ProjectOut, project_json
from projects.models import Project
from projects.rest import ERRORS, StrictSchema
from runs import removal

router = Router(tags=["projects"])


class ProjectPatch(StrictSchema):
    """What may change; left out stays."""

    name: str = ""
    description: str = ""
    default_model: str | None = None


def _caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined,no-any-return]


@router.get("/projects/{p}", response={200: ProjectOut, **ERRORS}, summary="One project")
def get_project(request: HttpRequest, p: str) -> Any:
    """Its name, description, default model, and the caller's role in it."""
    caller = _caller(request)
    return project_json(caller, project_for(caller, p))


@router.patch("/projects/{p}", response={200: ProjectOut, **ERRORS}, summary="Change a project")
def patch_project(request: HttpRequest, p: str, body: ProjectPatch) -> Any:
    """Its name (the slug stays), its description and its default model."""
    caller = _caller(request)
    project = project_for(caller, p, Role.EDITOR)
    if "name" in body.model_fields_set:
        settings_of.rename(caller, project, body.name)
    if "description" in body.model_fields_set:
        settings_of.describe(caller, project, body.description)
    if "default_model" in body.model_fields_set:
        settings_of.set_default_model(caller, project, body.default_model)
    return project_json(caller, Project.objects.get(pk=project.pk))


@router.delete("/projects/{p}", response={204: None, **ERRORS}, summary="Delete a project and everything in it")
def delete_project(request: HttpRequest, p: str) -> Any:
    """409 while one of its runs has not ended."""
    caller = _caller(request)
    removal.delete_project(caller, project_for(caller, p, Role.OWNER))
    return Status(204, None)
