"""What every REST call shares: strict bodies, declared errors, cursor paging."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Schema
from pydantic import ConfigDict

from projects.errors import Detail, Invalid

Json = Any
M = TypeVar("M", bound=Model)


class StrictSchema(Schema):
    """A body or query: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class DetailOut(Schema):
    """One problem and its place."""

    path: str
    message: str


class ErrorBody(Schema):
    """What went wrong."""

    code: str
    message: str
    details: list[DetailOut] = []


class ErrorOut(Schema):
    """The shape of every error."""

    error: ErrorBody


# Declared on every operation, so that the OpenAPI document names them.
ERRORS: dict[int, Any] = {
    401: ErrorOut,
    403: ErrorOut,
    404: ErrorOut,
    409: ErrorOut,
    413: ErrorOut,
    422: ErrorOut,
    429: ErrorOut,
}


def page(
    rows: QuerySet[M],
    *,
    cursor: str | None,
    limit: int,
    order: str = "id",
    render: Callable[[M], Json] | None = None,
    render_all: Callable[[Sequence[M]], list[Json]] | None = None,
) -> dict[str, Json]:
    """One page of rows in the order of a field (with `-` descending), ties broken by the primary key.

    `cursor` is the `next` of the page before. Returns `{"items", "next"}`. Raises Invalid for a cursor that is none.
    """
    descending, name = order.startswith("-"), order.lstrip("-")
    sign = "-" if descending else ""
    if cursor is not None:
        rows = rows.filter(_after(rows, name, descending, cursor))
    found = list(rows.order_by(f"{sign}{name}", f"{sign}pk")[: limit + 1])
    shown = found[:limit]
    following = _encode(getattr(shown[-1], name), shown[-1].pk) if len(found) > limit else None
    items = render_all(shown) if render_all is not None else [render(row) if render else row for row in shown]
    return {"items": items, "next": following}


def _encode(value: Any, pk: Any) -> str:
    shown = value.isoformat() if isinstance(value, datetime) else value if isinstance(value, int | str) else str(value)
    return base64.urlsafe_b64encode(json.dumps([shown, str(pk)]).encode()).decode().rstrip("=")


def _after(rows: QuerySet[M], name: str, descending: bool, cursor: str) -> Q:
    op = "lt" if descending else "gt"
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        model = rows.model._meta
        field = model.pk if name in ("id", "pk") else model.get_field(name)
        value = field.to_python(value)  # type: ignore[union-attr]
        pk = model.pk.to_python(pk)
    except (ValueError, TypeError, UnicodeError, Exception) as error:  # whatever a forged cursor provokes is one answer
        raise Invalid(
            "The cursor is not one of this list.", details=[Detail("cursor", "not a cursor of this list")]
        ) from error
    return Q(**{f"{name}__{op}": value}) | Q(**{name: value, f"pk__{op}": pk})
