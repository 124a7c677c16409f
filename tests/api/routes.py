"""Every call of the API: who may make it, with a body that fits. A call without its row here fails the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.api import api
from projects.access import Role
from tests.api.conftest import FILE, House

Json = Any


@dataclass(frozen=True)
class Row:
    """The lowest role that may call (None: whoever has a valid token), a fitting body, and what that answers."""

    role: Role | None
    answers: int = 200
    body: Json = None


_WORKFLOW = {"name": "New", "stages": [{"name": "Only"}]}

ROWS: dict[str, Row] = {
    "GET /projects": Row(None),
    "POST /projects": Row(None, 201, {"name": "Mine"}),
    "POST /projects/import": Row(Role.EDITOR, 201, FILE),
    "GET /projects/{p}": Row(Role.VIEWER),
    "PATCH /projects/{p}": Row(Role.EDITOR, 200, {"name": "Site"}),
    "DELETE /projects/{p}": Row(Role.OWNER, 409),  # a run is open
    "GET /projects/{slug}/export": Row(Role.VIEWER),
    "GET /projects/{slug}/workflows": Row(Role.VIEWER),
    "POST /projects/{slug}/workflows": Row(Role.EDITOR, 201, _WORKFLOW),
    "GET /projects/{slug}/workflows/{ref}": Row(Role.VIEWER),
    "PUT /projects/{slug}/workflows/{ref}": Row(Role.EDITOR, 200, _WORKFLOW),
    "PATCH /projects/{slug}/workflows/{ref}": Row(Role.EDITOR, 200, {"description": "New."}),
    "DELETE /projects/{slug}/workflows/{ref}": Row(Role.EDITOR, 204),
    "GET /projects/{slug}/workflows/{ref}/versions": Row(Role.VIEWER),
    "GET /projects/{slug}/workflows/{ref}/versions/{int:number}": Row(Role.VIEWER),
    "POST /projects/{slug}/workflows/{ref}/versions/{int:number}/restore": Row(Role.EDITOR),
    "GET /projects/{slug}/workflows/{ref}/check": Row(Role.VIEWER),
    "GET /projects/{slug}/agents": Row(Role.VIEWER),
    "POST /projects/{slug}/agents": Row(Role.EDITOR, 201, {"name": "Eve"}),
    "GET /projects/{slug}/agents/{ref}": Row(Role.VIEWER),
    "PUT /projects/{slug}/agents/{ref}": Row(Role.EDITOR, 200, {"name": "Ben"}),
    "PATCH /projects/{slug}/agents/{ref}": Row(Role.EDITOR, 200, {"role": "Editor"}),
    "DELETE /projects/{slug}/agents/{ref}": Row(Role.EDITOR, 204),
    "GET /projects/{p}/members": Row(Role.VIEWER),
    "POST /projects/{p}/members": Row(Role.OWNER, 200, {"user": "viewer", "role": "operator"}),
    "DELETE /projects/{p}/members/{user}": Row(Role.OWNER, 204),
    "GET /projects/{p}/tokens": Row(Role.OWNER),
    "POST /projects/{p}/tokens": Row(Role.OWNER, 201, {"name": "ci"}),
    "DELETE /projects/{p}/tokens/{token_id}": Row(Role.OWNER, 204),
    "POST /projects/{p}/workflows/{w}/runs": Row(Role.OPERATOR, 201, {"input": "Go."}),
    "POST /projects/{p}/workflows/{w}/runs/batch": Row(Role.OPERATOR, 201, {"inputs": ["One.", "Two."]}),
    "POST /projects/{p}/workflows/{w}/dry-runs": Row(Role.OPERATOR, 201, {"input": "Go."}),
    "GET /projects/{p}/workflows/{w}/routes": Row(Role.VIEWER),
    "GET /projects/{p}/runs": Row(Role.VIEWER),
    "GET /runs/{run_id}": Row(Role.VIEWER),
    "GET /runs/{run_id}/events": Row(Role.VIEWER),
    "GET /runs/{run_id}/tree": Row(Role.VIEWER),
    "GET /runs/{run_id}/why": Row(Role.VIEWER),
    "GET /runs/{run_id}/agents/{agent_run}": Row(Role.VIEWER),
    "POST /runs/{run_id}/cancel": Row(Role.OPERATOR),
    "POST /runs/{run_id}/pause": Row(Role.OPERATOR),
    "POST /runs/{run_id}/resume": Row(Role.OPERATOR, 409),  # it is not paused
    "POST /runs/{run_id}/retry": Row(Role.OPERATOR, 409),  # it has not failed
    "POST /runs/{run_id}/rerun": Row(Role.OPERATOR, 409),  # it has not ended
    "POST /runs/{run_id}/messages": Row(Role.OPERATOR, 200, {"text": "Be quick."}),
    "GET /projects/{p}/gates": Row(Role.VIEWER),
    "GET /gates/{gate_id}": Row(Role.VIEWER),
    "GET /gates/{gate_id}/links": Row(Role.OPERATOR),
    "POST /gates/{gate_id}/links": Row(Role.OPERATOR, 201, {"user": "operator"}),
    "DELETE /gates/{gate_id}/links/{link_id}": Row(Role.OPERATOR, 204),
    "POST /gates/{gate_id}/answer": Row(Role.OPERATOR, 200, {"option": "Yes"}),
}


def calls() -> Iterator[str]:
    """Every call that the API has, as `METHOD /path/{name}`."""
    for router in api._get_bound_routers():
        for address, view in router.path_operations.items():
            for operation in view.operations:
                yield from (f"{method} {address}" for method in operation.methods)


def address(call: str, house: House) -> tuple[str, str]:
    """The method of a call, and its path with the names of the house in it."""
    method, path = call.split(" ", 1)
    named = {
        "p": house.project.slug,
        "slug": house.project.slug,
        "w": "Review",
        "ref": "Ben" if "/agents/" in path else "Review",
        "int:number": "1",
        "user": "viewer",
        "token_id": house.spare_token,
        "run_id": str(house.run.pk),
        "agent_run": str(house.agent_run.pk),
        "gate_id": str(house.gate.pk),
        "link_id": str(house.link.pk),
    }
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    return method, path
