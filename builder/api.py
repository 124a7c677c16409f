"""The API of definitions: project files, workflows with their versions and checks, and agents.

Agents are served from here, not from `agents`: only the builder knows where an agent is assigned.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Status
from pydantic import Field

from agents.models import Agent
from agents.queries import agent_for, agents_of
from builder import operations
from builder.canonical import block_of
from builder.checks import check_stored
from builder.models import Workflow, WorkflowVersion
from builder.project_file import export_project, import_project, parse_file
from builder.queries import latest_number, version_of, versions_of, workflow_for, workflows_of
from builder.reading import agent_spec, read_workflow
from builder.yaml_text import write_yaml
from projects.access import Caller, Role, project_for
from projects.errors import Detail, Invalid
from projects.jsontext import parse_json
from projects.rest import ERRORS, page

Limit = Annotated[int, Field(ge=1, le=500)]

router = Router(tags=["definitions"])

_YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
_JSON_TYPES = ("application/json", "")
_FOUND: dict[int, Any] = {200: dict, **ERRORS}


def _body_of(noun: str) -> dict[str, Any]:
    """What OpenAPI tells of a body that our own validation reads, so that all its problems are told at once."""
    schema = {"type": "object", "description": f"{noun}, as in the project file baton/1"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


# -- project files ---------------------------------------------------------------------------------------------------


@router.post(
    "/projects/import",
    response={200: dict, 201: dict, **ERRORS},
    openapi_extra=_body_of("A project file; application/yaml is taken too"),
)
def post_import(request: HttpRequest, dry_run: bool = False) -> HttpResponse:
    """Import a project file, all or nothing. 201 with what was created and updated; 200 for a dry run."""
    raw = parse_file(request.body, yaml=_is_yaml(request))
    report = import_project(_caller(request), raw, dry_run=dry_run)
    told = {
        "project": report.project,
        "created": report.created,
        "updated": report.updated,
        "warnings": [_detail(item) for item in report.warnings],
    }
    return JsonResponse(told, status=200 if dry_run else 201)


@router.get("/projects/{slug}/export", response=_FOUND)
def get_export(request: HttpRequest, slug: str, workflow: str | None = None) -> HttpResponse:
    """The project as its file: JSON, or YAML where `Accept` asks for application/yaml. `workflow` exports one."""
    block = block_of(export_project(project_for(_caller(request), slug, Role.VIEWER), workflow))
    if _wants_yaml(request.headers.get("Accept", "")):
        return HttpResponse(write_yaml(block), content_type="application/yaml; charset=utf-8")
    return JsonResponse(block)


# -- workflows -------------------------------------------------------------------------------------------------------


@router.get("/projects/{slug}/workflows", response=_FOUND)
def get_workflows(request: HttpRequest, slug: str, cursor: str | None = None, limit: Limit = 50) -> Any:
    """The project's workflows, archived ones too."""
    project = project_for(_caller(request), slug, Role.VIEWER)
    return page(workflows_of(project.pk), cursor=cursor, limit=limit, order="id", render=_listed_workflow)


@router.post("/projects/{slug}/workflows", response={201: dict, **ERRORS}, openapi_extra=_body_of("A workflow's block"))
def post_workflow(request: HttpRequest, slug: str) -> Any:
    """Create a workflow from its block."""
    caller = _caller(request)
    project = project_for(caller, slug, Role.EDITOR)
    return Status(201, _workflow(operations.create_workflow(caller, project, parse_json(request.body))))


@router.get("/projects/{slug}/workflows/{ref}", response=_FOUND)
def get_workflow(request: HttpRequest, slug: str, ref: str) -> Any:
    """A workflow by id or name: its block, with id, version, revision and whether it is archived."""
    return _workflow(workflow_for(_caller(request), slug, ref, Role.VIEWER))


@router.put("/projects/{slug}/workflows/{ref}", response=_FOUND, openapi_extra=_body_of("A workflow's block"))
def put_workflow(request: HttpRequest, slug: str, ref: str) -> Any:
    """Replace a workflow by a block; what the block leaves out gets its default."""
    caller = _caller(request)
    workflow = workflow_for(caller, slug, ref, Role.EDITOR)
    return _workflow(operations.replace_workflow(caller, workflow, parse_json(request.body)))


@router.patch(
    "/projects/{slug}/workflows/{ref}",
    response=_FOUND,
    openapi_extra=_body_of("The fields of a workflow's block to change"),
)
def patch_workflow(request: HttpRequest, slug: str, ref: str) -> Any:
    """Change the named fields of a workflow, each as a whole; `archived` too."""
    caller = _caller(request)
    workflow = workflow_for(caller, slug, ref, Role.EDITOR)
    return _workflow(operations.patch_workflow(caller, workflow, parse_json(request.body)))


@router.delete("/projects/{slug}/workflows/{ref}", response={204: None, **ERRORS})
def delete_workflow(request: HttpRequest, slug: str, ref: str) -> Any:
    """Delete a workflow; routes that led to it go to the next stage. Its runs and versions stay."""
    caller = _caller(request)
    operations.delete_workflow(caller, workflow_for(caller, slug, ref, Role.EDITOR))
    return Status(204, None)


@router.get("/projects/{slug}/workflows/{ref}/versions", response=_FOUND)
def get_versions(request: HttpRequest, slug: str, ref: str, cursor: str | None = None, limit: Limit = 50) -> Any:
    """The versions of a workflow, in the order in which they came to be."""
    workflow = workflow_for(_caller(request), slug, ref, Role.VIEWER)

    def render(version: WorkflowVersion) -> dict[str, Any]:
        return _version(version, workflow)

    return page(versions_of(workflow), cursor=cursor, limit=limit, order="id", render=render)


@router.get("/projects/{slug}/workflows/{ref}/versions/{int:number}", response=_FOUND)
def get_version(request: HttpRequest, slug: str, ref: str, number: int) -> Any:
    """One version with its content: the workflow's block, its agents and the default model as they were frozen."""
    workflow = workflow_for(_caller(request), slug, ref, Role.VIEWER)
    version = version_of(workflow, number)
    return {**_version(version, workflow), "content": version.content}


@router.post("/projects/{slug}/workflows/{ref}/versions/{int:number}/restore", response=_FOUND)
def post_restore(request: HttpRequest, slug: str, ref: str, number: int) -> Any:
    """Make the workflow what it was in this version."""
    caller = _caller(request)
    workflow = workflow_for(caller, slug, ref, Role.EDITOR)
    return _workflow(operations.restore_version(caller, workflow, version_of(workflow, number)))


@router.get("/projects/{slug}/workflows/{ref}/check", response=_FOUND)
def get_check(request: HttpRequest, slug: str, ref: str) -> Any:
    """Problems, which stop or fail a run, and warnings."""
    findings = check_stored(workflow_for(_caller(request), slug, ref, Role.VIEWER))
    return {
        "problems": [_detail(item) for item in findings.problems],
        "warnings": [_detail(item) for item in findings.warnings],
    }


# -- agents ----------------------------------------------------------------------------------------------------------


@router.get("/projects/{slug}/agents", response=_FOUND)
def get_agents(request: HttpRequest, slug: str, cursor: str | None = None, limit: Limit = 50) -> Any:
    """The project's agents."""
    project = project_for(_caller(request), slug, Role.VIEWER)
    return page(agents_of(project.pk), cursor=cursor, limit=limit, order="id", render=_agent)


@router.post("/projects/{slug}/agents", response={201: dict, **ERRORS}, openapi_extra=_body_of("An agent's block"))
def post_agent(request: HttpRequest, slug: str) -> Any:
    """Create an agent from its block."""
    caller = _caller(request)
    project = project_for(caller, slug, Role.EDITOR)
    return Status(201, _agent(operations.create_agent(caller, project, parse_json(request.body))))


@router.get("/projects/{slug}/agents/{ref}", response=_FOUND)
def get_agent(request: HttpRequest, slug: str, ref: str) -> Any:
    """An agent by id or name: its block, with id and version."""
    return _agent(agent_for(_caller(request), slug, ref, Role.VIEWER))


@router.put("/projects/{slug}/agents/{ref}", response=_FOUND, openapi_extra=_body_of("An agent's block"))
def put_agent(request: HttpRequest, slug: str, ref: str) -> Any:
    """Replace an agent by a block; what the block leaves out gets its default."""
    caller = _caller(request)
    agent = agent_for(caller, slug, ref, Role.EDITOR)
    return _agent(operations.replace_agent(caller, agent, parse_json(request.body)))


@router.patch(
    "/projects/{slug}/agents/{ref}", response=_FOUND, openapi_extra=_body_of("The fields of an agent's block to change")
)
def patch_agent(request: HttpRequest, slug: str, ref: str) -> Any:
    """Change the named fields of an agent, each as a whole."""
    caller = _caller(request)
    agent = agent_for(caller, slug, ref, Role.EDITOR)
    return _agent(operations.patch_agent(caller, agent, parse_json(request.body)))


@router.delete("/projects/{slug}/agents/{ref}", response={204: None, **ERRORS})
def delete_agent(request: HttpRequest, slug: str, ref: str) -> Any:
    """Delete an agent. 409, naming where, while it is assigned somewhere."""
    caller = _caller(request)
    operations.delete_agent(caller, agent_for(caller, slug, ref, Role.EDITOR))
    return Status(204, None)


# -- shapes ----------------------------------------------------------------------------------------------------------


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by the API's authentication
    return caller


def _is_yaml(request: HttpRequest) -> bool:
    kind = (request.content_type or "").lower()
    if kind in _YAML_TYPES:
        return True
    if kind in _JSON_TYPES:
        return False
    problem = Detail(path="Content-Type", message=f"must be application/json or application/yaml, not {kind[:100]}")
    raise Invalid("The body is of a type that cannot be read.", details=[problem])


def _wants_yaml(accept: str) -> bool:
    """Whether the first type that `Accept` names and that we have is YAML."""
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in _YAML_TYPES:
            return True
        if kind in ("application/json", "application/*", "*/*"):
            return False
    return False


def _workflow(workflow: Workflow) -> dict[str, Any]:
    return {**_told(workflow), **block_of(read_workflow(workflow.pk))}


def _listed_workflow(workflow: Workflow) -> dict[str, Any]:
    return {**_told(workflow), "name": workflow.name, "description": workflow.description}


def _told(workflow: Workflow) -> dict[str, Any]:
    return {
        "id": workflow.pk,
        "version": latest_number(workflow),
        "revision": workflow.revision,
        "archived": workflow.archived_at is not None,
    }


def _version(version: WorkflowVersion, workflow: Workflow) -> dict[str, Any]:
    return {
        "number": version.number,
        "name": version.workflow_name,
        "digest": version.digest,
        "current": version.pk == workflow.current_version_id,
        "created_at": version.created_at.isoformat(),
    }


def _agent(agent: Agent) -> dict[str, Any]:
    return {"id": agent.pk, "version": agent.version, **block_of(agent_spec(agent))}


def _detail(item: Detail) -> dict[str, str]:
    return {"path": item.path, "message": item.message}
