"""The dialog that connects an outcome: one row of outcome routing, for an outcome that is not there yet."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.errors import NoSuchPart
from builder.models import Stage, Workflow
from builder.pages import routing_rows
from builder.pages.stage_drawer import routing, warn
from builder.publish import read_stored
from builder.validation import path_text
from projects.errors import BatonError

Json = Any
Row = routing_rows.Row


def stage_of(workflow: Workflow, stage_id: int) -> Stage:
    """A stage of this workflow. Raises NotFound."""
    found = Stage.objects.filter(workflow=workflow, pk=stage_id).first()
    if found is None:
        raise NoSuchPart("stage")
    return found


def row_of(form: QueryDict) -> Row:
    """What was typed, or what the address offers: row-0-name, row-0-goes_to, row-0-workflow and so on."""
    rows = form.copy()
    rows["rows"] = "1"
    row = routing_rows.posted_rows(rows)[0]
    row["goes_to"] = row["goes_to"] or "next"
    row["focus"] = True
    return row


def outcome_of(row: Row) -> dict[str, Json]:
    """Label and route of the command."""
    edit = routing_rows.edits_of([row])[0]
    return {"label": edit.label[:20_000], "route": edit.route}


def put_errors(row: Row, stage: Stage, error: BatonError) -> None:
    """Put what was refused at its field."""
    before = read_stored(stage.workflow).stages[stage.position].outcomes
    numbered = row | {"index": len(before), "errors": {}}
    rest = routing_rows.put_errors([numbered], error.details, path_text(("stages", stage.position)), error.message)
    row["errors"] = numbered["errors"]
    row["form_error"] = "; ".join(rest.values())


def dialog(workflow: Workflow, stage: Stage, row: Row) -> dict[str, Json]:
    """The context of builder/_connect_dialog.html."""
    warn([row], workflow)
    names = list(Stage.objects.filter(workflow=workflow).order_by("position").values_list("name", flat=True))
    return {
        "stage": {"id": stage.pk, "name": stage.name},
        "save_url": reverse("workflow-connect", args=[workflow.pk]),
        **routing([row], workflow, names),
        "row": row,
        "errors": {"form": row.get("form_error", "")},
    }
