"""A database column for JSON whose text must stay as it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:  # Django's fields take their types in the stubs only
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class Written(str):
    """JSON text, written already in the way of `JsonText`: a large value is not parsed only to be written again."""

    __slots__ = ()


class JsonText(_TextField):
    """JSON kept as text: PostgreSQL's own type would lose the order of keys, and options are buttons in an order.

    Python's None is JSON's null; the column itself is never NULL. Nothing inside is ever searched by the database.
    """

    _pyi_private_set_type: Any  # what the stubs take for the attribute's type
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        """What the database holds, as JSON values."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str:
        """JSON values, as the database holds them."""
        if isinstance(value, Written):
            return str(value)
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
