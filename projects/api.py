"""The project, member and token calls of the REST API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from projects import operations, queries, tokens
from projects.access import Caller, Role, project_for, role_of, visible_projects
from projects.errors import NotFound
from projects.models import ApiToken, Member, Project
from projects.rest import ERRORS, StrictSchema, page

router = Router(tags=["projects"])
Json = Any
Limit = Annotated[int, Query(ge=1, le=500)]


class ProjectBody(StrictSchema):
    """A new project."""

    name: str
    description: str = ""
    default_model: str | None = None


class MemberBody(StrictSchema):
    """Who gets which role."""

    user: str
    role: Role


class TokenBody(StrictSchema):
    """A new token; scopes (read, run, edit, admin) narrow the user's role."""

    name: str = ""
    scopes: list[str] = []
    expires_at: datetime | None = None


class ProjectOut(Schema):
    slug: str
    name: str
    description: str
    default_model: str | None
    role: str
    created_at: datetime


class ProjectPage(Schema):
    items: list[ProjectOut]
    next: str | None


class MemberOut(Schema):
    user: str
    role: str


class MemberPage(Schema):
    items: list[MemberOut]
    next: str | None


class TokenOut(Schema):
    id: str
    name: str
    user: str
    project: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    token: str


class TokenPage(Schema):
    items: list[TokenOut]
    next: str | None


def _caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined,no-any-return]


def project_json(caller: Caller, project: Project) -> dict[str, Json]:
    """A project as the API shows it to a caller."""
    role = role_of(caller, project)
    return {
        "slug": project.slug,
        "name": project.name,
        "description": project.description,
        "default_model": project.default_model,
        "role": role.value if role else "",
        "created_at": project.created_at,
    }


def _member(member: Member) -> dict[str, Json]:
    return {"user": member.user.get_username(), "role": member.role}


def _token(token: ApiToken) -> dict[str, Json]:
    return {
        "id": token.public_id,
        "name": token.name,
        "user": token.user.get_username(),
        "project": token.project.slug if token.project else None,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


@router.get("/projects", response={200: ProjectPage, **ERRORS}, summary="List the projects that the caller can see")
def list_projects(request: HttpRequest, cursor: str | None = None, limit: Limit = 50) -> Any:
    """In order of creation."""
    caller = _caller(request)
    return page(
        visible_projects(caller), cursor=cursor, limit=limit, render=lambda project: project_json(caller, project)
    )


@router.post("/projects", response={201: ProjectOut, **ERRORS}, summary="Create a project")
def create_project(request: HttpRequest, body: ProjectBody) -> Any:
    """The caller becomes its owner."""
    caller = _caller(request)
    made = operations.create_project(caller, body.name, body.default_model, description=body.description)
    return Status(201, project_json(caller, made))


@router.get("/projects/{p}/members", response={200: MemberPage, **ERRORS}, summary="List the members of a project")
def list_members(request: HttpRequest, p: str, cursor: str | None = None, limit: Limit = 50) -> Any:
    """Everybody who can see the project."""
    return page(queries.members_of(project_for(_caller(request), p)), cursor=cursor, limit=limit, render=_member)


@router.post("/projects/{p}/members", response={200: MemberOut, **ERRORS}, summary="Give a user a role in a project")
def set_member(request: HttpRequest, p: str, body: MemberBody) -> Any:
    """Adds the user, or changes the role they have."""
    caller = _caller(request)
    return _member(operations.set_member(caller, project_for(caller, p, Role.OWNER), body.user, body.role))


@router.delete(
    "/projects/{p}/members/{user}", response={204: None, **ERRORS}, summary="End a user's access to a project"
)
def remove_member(request: HttpRequest, p: str, user: str) -> Any:
    """409 for the last owner."""
    caller = _caller(request)
    operations.remove_member(caller, project_for(caller, p, Role.OWNER), user)
    return Status(204, None)


@router.get("/projects/{p}/tokens", response={200: TokenPage, **ERRORS}, summary="List the tokens of a project")
def list_tokens(request: HttpRequest, p: str, cursor: str | None = None, limit: Limit = 50) -> Any:
    """Without their secrets, which nobody can read again."""
    return page(
        queries.tokens_of(project_for(_caller(request), p, Role.OWNER)), cursor=cursor, limit=limit, render=_token
    )


@router.post("/projects/{p}/tokens", response={201: NewTokenOut, **ERRORS}, summary="Make a token for a project")
def create_token(request: HttpRequest, p: str, body: TokenBody) -> Any:
    """The token's text is in this answer and nowhere else."""
    caller = _caller(request)
    project = project_for(caller, p, Role.OWNER)
    new = tokens.create_token(
        caller.user, project=project, scopes=body.scopes, name=body.name[:100], expires_at=body.expires_at
    )
    return Status(201, {**_token(new.row), "token": new.text})


@router.delete("/projects/{p}/tokens/{token_id}", response={204: None, **ERRORS}, summary="Revoke a token")
def revoke_token(request: HttpRequest, p: str, token_id: str) -> Any:
    """It ends at once."""
    caller = _caller(request)
    project = project_for(caller, p, Role.OWNER)
    token = queries.tokens_of(project).filter(public_id=token_id).first()
    if token is None:
        raise NotFound("There is no such token in this project.")
    tokens.revoke_token(token, by=caller.user.get_username())
    return Status(204, None)
