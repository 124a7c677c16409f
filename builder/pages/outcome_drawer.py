"""The drawers of one outcome, and of the workflow that one leads to: a row of the stage's outcomes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from builder.commands import OutcomeBlock, SetOutcomes
from builder.errors import EditedMeanwhile, NoSuchPart
from builder.models import Stage, Workflow
from builder.pages import routing_rows
from builder.pages.conflict import panel
from builder.pages.outline import route_words
from builder.pages.stage_drawer import routing, warn
from builder.pages.touched import marks_of
from builder.reading import read_workflow
from builder.spec import StageSpec, WorkflowSpec
from builder.validation import path_text
from projects.errors import Detail

Json = Any
TEMPLATE = "builder/_outcome_drawer.html"
TARGET_TEMPLATE = "builder/_target_drawer.html"
_CUT = 20_000  # characters; a label this long is refused anyway, with the reason


def block_of_stage(stage: Stage, label: str) -> tuple[WorkflowSpec, StageSpec]:
    """The workflow and the stage as they are stored. Raises NotFound where the stage has no such outcome."""
    spec = read_workflow(stage.workflow_id)
    block = spec.stages[stage.position]
    if label not in block.outcomes:
        raise NoSuchPart("outcome")
    return spec, block


def stored_row(block: StageSpec, label: str) -> routing_rows.Row:
    """The outcome as the form shows it: always the row with the number 0."""
    row = routing_rows.stored_rows(block)[block.outcomes.index(label)]
    return row | {"index": 0, "prefix": "row-0"}


def posted_row(form: QueryDict, stored: routing_rows.Row) -> routing_rows.Row:
    """The outcome as it was typed. What the target's drawer does not show is as it is stored."""
    typed = form.copy()
    typed["rows"] = "1"
    for name in ("key", "name", "goes_to", "workflow"):
        typed.setdefault(f"row-0-{name}", stored[name])
    row = routing_rows.posted_rows(typed)[0]
    row["is_default"] = "default_outcome" in form if "shows_default" in form else stored["is_default"]
    return row


def meaning(row: routing_rows.Row) -> dict[str, Json]:
    """What the row means, for the mark that the form carries."""
    edit = routing_rows.edits_of([row])[0]
    return {"outcome": [edit.label, edit.route, row["is_default"]]}


def command(stage: Stage, block: StageSpec, label: str, row: routing_rows.Row, version: int) -> SetOutcomes:
    """All outcomes of the stage, this one as it was typed."""
    rows = [row if each["name"] == label else each for each in routing_rows.stored_rows(block)]
    edits = routing_rows.edits_of(rows)
    default = row["name"] if row["is_default"] else block.default_outcome
    if default == label and not row["is_default"]:
        default = None
    return SetOutcomes(
        do="set_outcomes",
        stage=stage.pk,
        version=version,
        outcomes=[
            OutcomeBlock(label=each.label[:_CUT], was=label if rows[at] is row else each.was, route=each.route)
            for at, each in enumerate(edits)
        ],
        default_outcome=default,
    )


def drawer(
    stage: Stage,
    label: str,
    *,
    kind: str,
    can_edit: bool,
    row: routing_rows.Row | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    marks: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Json]:
    """The context of both templates; `kind` is outcome or target, `row` what was typed, not stored yet."""
    spec, block = block_of_stage(stage, label)
    stored = stored_row(block, label)
    shown = row or stored
    workflow = Workflow.objects.select_related("project").get(pk=stage.workflow_id)
    warn([shown], workflow)
    targets = dict(Workflow.objects.filter(project=workflow.project_id).values_list("name", "pk"))
    words = route_words(block, label, spec, stage.position, targets)
    return {
        "key": f"{kind}:{stage.pk}:{label}",
        "save_url": address(stage, label, kind),
        "check_url": address(stage, label, "outcome"),
        "can_edit": can_edit,
        "version": stage.version if version is None else version,
        "marks": marks_of(meaning(stored)) if marks is None else marks,
        "label": label,
        "stage": {"id": stage.pk, "name": stage.name, "number": stage.position + 1},
        "route": words,
        **routing([shown], workflow, [other.name for other in spec.stages]),
        "row": shown,
        "errors": errors or {},
        "conflict": conflict,
        "dirty": row is not None,
    }


def address(stage: Stage, label: str, kind: str) -> str:
    """Where the drawer is shown and saved."""
    return f"{reverse(f'{kind}-drawer', args=[stage.pk])}?{urlencode({'label': label})}"


def put_errors(
    row: routing_rows.Row, block: StageSpec, label: str, details: list[Detail], position: int, message: str
) -> dict[str, str]:
    """Put the problems at the row; returns those about the whole."""
    numbered = row | {"index": block.outcomes.index(label), "errors": {}}
    errors = routing_rows.put_errors([numbered], details, path_text(("stages", position)), message)
    row["errors"] = numbered["errors"]
    return errors


def after_conflict(
    stage: Stage, label: str, typed: routing_rows.Row, error: EditedMeanwhile, kind: str
) -> dict[str, Json]:
    """The panel of yours and theirs."""
    stored = stored_row(block_of_stage(stage, label)[1], label)
    pairs = [
        ("Outcome", typed["name"], stored["name"]),
        ("Goes to", routing_rows.words_of(typed), routing_rows.words_of(stored)),
        ("Default outcome", _yes(typed["is_default"]), _yes(stored["is_default"])),
    ]
    return panel(error, [pair for pair in pairs if pair[1] != pair[2]], address(stage, label, kind))


def _yes(flag: bool) -> str:
    return "Yes" if flag else "No"
