"""Reads of definitions for pages, the API and the engine."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, QuerySet

from builder.errors import NoSuchPart, NoSuchVersion, NoSuchWorkflow
from builder.models import Assignment, Stage, Workflow, WorkflowVersion
from projects import rows
from projects.access import Caller, Role, project_for, require
from projects.names import name_key

_ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class CatalogueEntry:
    """A workflow as a caller of workflows sees it. `version_id` is None where the next start must publish first."""

    id: int
    name: str
    name_key: str
    description: str
    input_schema: dict[str, Any] | None
    archived: bool
    version_id: int | None
    version_number: int | None


def with_version(rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """The same workflows with their projects and current versions, but for what these hold: it is large, and
    `builder.publish.frozen` keeps it read."""
    return rows.select_related("project", "current_version").defer("current_version__content")


def workflow_for(caller: Caller, slug: str, ref: str, role: Role) -> Workflow:
    """The workflow with the id or name `ref`. Raises NotFound or Forbidden."""
    project = project_for(caller, slug, role)
    workflows = with_version(Workflow.objects.filter(project=project))
    found = workflows.filter(pk=int(ref)).first() if _ID.fullmatch(ref) else None
    found = found or workflows.filter(name_key=name_key(ref)).first()
    if found is None:
        raise NoSuchWorkflow(ref)
    return found


def workflow_by_id(caller: Caller, workflow_id: int, role: Role = Role.VIEWER) -> Workflow:
    """The workflow with this id. Raises NotFound, in the same words where it is not the caller's, or Forbidden."""
    found = with_version(Workflow.objects.filter(pk=workflow_id)).first()
    missing = NoSuchPart("workflow")
    if found is None:
        raise missing
    require(caller, found.project, role, missing=missing.message)
    return found


def stage_by_id(caller: Caller, stage_id: int, role: Role = Role.VIEWER) -> Stage:
    """The stage with this id. Raises NotFound or Forbidden."""
    found = Stage.objects.select_related("workflow__project").filter(pk=stage_id).first()
    missing = NoSuchPart("stage")
    if found is None:
        raise missing
    require(caller, found.workflow.project, role, missing=missing.message)
    return found


def assignment_by_id(caller: Caller, assignment_id: int, role: Role = Role.VIEWER) -> Assignment:
    """The assignment with this id. Raises NotFound or Forbidden."""
    rows = Assignment.objects.select_related("agent", "stage__workflow__project")
    found = rows.filter(pk=assignment_id).first()
    missing = NoSuchPart("assignment")
    if found is None:
        raise missing
    require(caller, found.stage.workflow.project, role, missing=missing.message)
    return found


def workflows_of(project_id: int) -> QuerySet[Workflow]:
    """The project's workflows, with what a list shows of them."""
    return with_version(Workflow.objects.filter(project_id=project_id))


def find_workflow(project_id: int, name: str) -> Workflow | None:
    """The workflow called `name`, exactly or without case: names are unique without case, so this is one look-up."""
    return with_version(Workflow.objects.filter(project_id=project_id, name_key=name_key(name))).first()


def catalogue(project_id: int) -> list[CatalogueEntry]:
    """All workflows of the project, archived ones too, sorted by name; one query."""
    return _entries(f"{_CATALOGUE} ORDER BY workflow.name", [project_id])


def find_entry(project_id: int, name: str) -> CatalogueEntry | None:
    """What `find_workflow` finds, as a caller of workflows sees it."""
    found = _entries(f"{_CATALOGUE} AND workflow.name_key = %s", [project_id, name_key(name)])
    return found[0] if found else None


def _entries(sql: str, parameters: list[Any]) -> list[CatalogueEntry]:
    found = rows.query(sql, parameters)
    return [
        CatalogueEntry(
            id=pk,
            name=name,
            name_key=key,
            description=description,
            input_schema=None if schema is None else json.loads(schema),
            archived=archived_at is not None,
            version_id=version_id if frozen_default == default else None,
            version_number=number if frozen_default == default else None,
        )
        for pk, name, key, description, schema, archived_at, version_id, number, frozen_default, default in found
    ]


# Asked for every turn of an agent that may trigger workflows and for every trigger: written out, so that it is built
# once.
_CATALOGUE = """
SELECT workflow.id, workflow.name, workflow.name_key, workflow.description, workflow.input_schema, workflow.archived_at,
       workflow.current_version_id, version.number, version.default_model, project.default_model
FROM builder_workflow workflow
JOIN projects_project project ON project.id = workflow.project_id
LEFT JOIN builder_workflowversion version ON version.id = workflow.current_version_id
WHERE workflow.project_id = %s
"""


def versions_of(workflow: Workflow) -> QuerySet[WorkflowVersion]:
    """The versions of a workflow, without their contents, newest first."""
    return WorkflowVersion.objects.filter(workflow=workflow).defer("content").order_by("-number")


def latest_number(workflow: Workflow) -> int:
    """The number of the version in force; where an agent or the default model was edited since, the next start makes
    another."""
    if workflow.current_version is not None:
        return workflow.current_version.number
    return WorkflowVersion.objects.filter(workflow=workflow).aggregate(last=Max("number"))["last"] or 0


def version_of(workflow: Workflow, number: int) -> WorkflowVersion:
    """One version of a workflow. Raises NotFound."""
    version = WorkflowVersion.objects.filter(workflow=workflow, number=number).first()
    if version is None:
        raise NoSuchVersion(workflow.name, number)
    return version
