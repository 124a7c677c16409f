"""REST: approval links, by which one person answers one gate without signing in."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status

from projects.access import Role
from projects.rest import ERRORS, StrictSchema
from runs import links, queries
from runs.api_shapes import Moment
from runs.models import ApprovalLink
from runs.pages.links import address_of

router = Router(tags=["gates"])


class LinkBody(StrictSchema):
    """The user name of the member who answers by it."""

    user: str


class ApprovalLinkOut(Schema):
    """`expires` is the deadline of its gate. It ends earlier with its gate, an answer or its person's right."""

    id: int
    user: str
    made_by: str | None
    made_at: Moment
    expires: Moment | None
    status: Literal["open", "used"]


class NewLinkOut(ApprovalLinkOut):
    """A link just made: its address is in this answer only."""

    url: str


class LinksOut(Schema):
    items: list[ApprovalLinkOut]


@router.post(
    "/gates/{gate_id}/links", response={201: NewLinkOut, **ERRORS}, summary="Make an approval link for one person"
)
def create_link(request: HttpRequest, gate_id: str, body: LinkBody) -> Any:
    """By its address that person answers the gate, once, without signing in; opening it decides nothing. It takes the
    place of an earlier link for the same person. 409 when the gate is closed; 422 for somebody who may not answer it,
    and for anybody but oneself where the caller may not answer it or it takes several people."""
    caller = request.auth  # type: ignore[attr-defined]
    gate = queries.gate_for(caller, gate_id, Role.OPERATOR)
    made = links.create_link(caller, gate, body.user)
    return Status(201, {**_shown(made.row), "url": address_of(request, made.secret)})


@router.get("/gates/{gate_id}/links", response={200: LinksOut, **ERRORS}, summary="List the approval links of a gate")
def list_links(request: HttpRequest, gate_id: str) -> Any:
    """Those that work or have been used, oldest first, without their addresses."""
    gate = queries.gate_for(request.auth, gate_id, Role.OPERATOR)  # type: ignore[attr-defined]
    return {"items": [_shown(link) for link in links.links_of(gate)]}


@router.delete("/gates/{gate_id}/links/{link_id}", response={204: None, **ERRORS}, summary="Withdraw an approval link")
def withdraw_link(request: HttpRequest, gate_id: str, link_id: int) -> Any:
    """It answers nothing from now on. 409 when it has been used or withdrawn already."""
    caller = request.auth  # type: ignore[attr-defined]
    links.withdraw_link(caller, queries.gate_for(caller, gate_id, Role.OPERATOR), link_id)
    return Status(204, None)


def _shown(link: ApprovalLink) -> dict[str, Any]:
    return {
        "id": link.pk,
        "user": link.user.get_username(),
        "made_by": link.made_by.get_username() if link.made_by else None,
        "made_at": queries.iso(link.made_at),
        "expires": queries.iso(link.gate.deadline),
        "status": "used" if link.used_at else "open",
    }
