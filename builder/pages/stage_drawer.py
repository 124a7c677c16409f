"""The stage drawer: its context, and what its rows of outcomes mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from builder.models import Stage, Workflow
from builder.operations import OutcomeEdit
from builder.pages.outline import assignment_chip, stage_card
from builder.reading import with_parts, workflow_spec
from builder.spec import END, StageRoute, StageSpec, WorkflowRoute
from projects.errors import BatonError, Detail
from projects.jsontext import parse_json

Json = Any
Row = dict[str, Json]
_FIELDS = ("key", "name", "goes_to", "stage", "workflow", "input", "continue_at", "timeout")
_MOST_ROWS = 100


def stored_rows(stage: StageSpec) -> list[Row]:
    """The outcomes of a stage as rows of the form."""
    return [_numbered(index, _row(stage, label)) for index, label in enumerate(stage.outcomes)]


def _row(stage: StageSpec, label: str) -> Row:
    row: Row = dict.fromkeys(_FIELDS, "")
    row.update(key=label, name=label, goes_to="next")
    route = stage.routes.get(label)
    if isinstance(route, WorkflowRoute):
        text = route.input if isinstance(route.input, str) else json.dumps(route.input, indent=2, ensure_ascii=False)
        continue_at = "" if route.continue_at == END else route.continue_at
        timeout = f"{route.timeout:g}" if route.timeout is not None else ""
        row.update(goes_to="workflow", workflow=route.workflow, input=text, continue_at=continue_at, timeout=timeout)
    elif isinstance(route, StageRoute):
        row.update(goes_to="end") if route.stage == END else row.update(goes_to="stage", stage=route.stage)
    return row


def _numbered(index: int, row: Row) -> Row:
    return {"warning": "", "focus": False, "errors": {}, **row, "index": index, "prefix": f"row-{index}"}


def posted_rows(form: QueryDict) -> list[Row]:
    """The rows as they were typed."""
    text = form.get("rows", "0")
    count = min(int(text), _MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    rows = [{name: form.get(f"row-{index}-{name}", "") for name in _FIELDS} for index in range(count)]
    for row in rows:
        row["name"] = row["name"].strip()
        row["input"] = row["input"].replace("\r\n", "\n")
    return [_numbered(index, row) for index, row in enumerate(rows)]


def with_one_more(rows: Sequence[Row]) -> list[Row]:
    """The rows and a new one, which gets the focus."""
    fresh: Row = {**dict.fromkeys(_FIELDS, ""), "goes_to": "next"}
    added = [*rows, fresh]
    return [{**_numbered(index, row), "focus": index == len(rows)} for index, row in enumerate(added)]


def without(rows: Sequence[Row], place: str) -> list[Row]:
    """The rows without the one that was removed."""
    left = [row for row in rows if str(row["index"]) != place]
    return [_numbered(index, {name: row[name] for name in _FIELDS}) for index, row in enumerate(left)]


def edits_of(rows: Sequence[Row]) -> list[OutcomeEdit]:
    """What the rows ask for."""
    return [OutcomeEdit(row["name"], _route(row), row["key"] if row["key"] != row["name"] else None) for row in rows]


def _route(row: Row) -> dict[str, Json] | None:
    if row["goes_to"] == "stage":
        return {"stage": row["stage"]}
    if row["goes_to"] == "end":
        return {"stage": END}
    if row["goes_to"] != "workflow":
        return None
    timeout = _number(row["timeout"]) if row["timeout"].strip() else None
    return {
        "workflow": row["workflow"],
        "input": _input(row["input"]),
        "continue_at": row["continue_at"] or END,
        "timeout": timeout,
    }


def _input(text: str) -> Json:
    """A JSON object where one was typed, else the text."""
    if not text.lstrip().startswith("{") or text.lstrip().startswith("{{"):
        return text
    try:
        found = parse_json(text)
    except BatonError:
        return text
    return found if isinstance(found, dict) else text


def _number(text: str) -> Json:
    try:
        return float(text)
    except ValueError:
        return text


def drawer(
    stage: Stage,
    *,
    can_edit: bool,
    tab: str,
    rows: Sequence[Row] | None = None,
    default_outcome: str | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Mapping[str, Json] | None = None,
    dirty: bool = False,
) -> dict[str, Json]:
    """The context of builder/_stage_drawer.html."""
    workflow = with_parts(Workflow.objects.filter(pk=stage.workflow_id)).get()
    spec = workflow_spec(workflow)
    block = spec.stages[stage.position]
    names = Workflow.objects.filter(project=workflow.project_id, archived_at=None).order_by("name")
    held = next(row for row in workflow.stages.all() if row.pk == stage.pk)
    shown = stored_rows(block) if rows is None else list(rows)
    _warn(shown, workflow)
    return {
        "key": f"stage:{stage.pk}",
        "save_url": reverse("stage-drawer", args=[stage.pk]),
        "can_edit": can_edit,
        "version": stage.version,
        "tab": tab if tab in ("main", "assignments", "routing") else "main",
        "stage": {
            **stage_card(held, spec, {}, can_edit=can_edit),
            "assignments": [assignment_chip(assignment) for assignment in held.assignments.all()],
        },
        "rows": shown,
        "stage_choices": [{"value": other.name, "label": other.name} for other in spec.stages],
        "workflow_choices": [{"value": name, "label": name} for name in names.values_list("name", flat=True)],
        "default_outcome": block.default_outcome if default_outcome is None else default_outcome,
        "errors": errors or {},
        "conflict": conflict,
        "dirty": dirty,
    }


def _warn(rows: Sequence[Row], workflow: Workflow) -> None:
    """Say at the row what the run would refuse: too deep a chain, or a workflow that keeps triggering itself."""
    graph = _graph(workflow)
    for row in rows:
        if row["goes_to"] != "workflow" or not row["workflow"]:
            continue
        if row["workflow"] == workflow.name:
            row["warning"] = "This workflow triggers itself. It may do so once; a second time is refused."
            continue
        chain = _longest([workflow.name, row["workflow"]], graph)
        if len(chain) > _DEPTH:
            row["warning"] = f"depth limit exceeded: {' > '.join(chain)}. The last call of this chain is refused."


_DEPTH = 3  # levels of runs below and including the root; a fourth workflow in a chain is refused


def _graph(workflow: Workflow) -> dict[str, list[str]]:
    """Which workflows each workflow of the project routes to."""
    rows = with_parts(Workflow.objects.filter(project=workflow.project_id))
    return {
        spec.name: [
            route.workflow
            for stage in spec.stages
            for route in stage.routes.values()
            if isinstance(route, WorkflowRoute)
        ]
        for spec in map(workflow_spec, rows)
    }


def _longest(chain: list[str], graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The longest chain that goes on from here, at most one link over the limit."""
    if len(chain) > _DEPTH:
        return chain
    return max((_longest([*chain, name], graph) for name in graph.get(chain[-1], ())), key=len, default=chain)


def conflict_of(stage: Stage, rows: Sequence[Row], details: Sequence[Detail]) -> dict[str, Json]:
    """Yours and theirs, outcome by outcome, after somebody else has saved."""
    stored = {detail.path: detail.message for detail in details}
    yours = {edit.label: _leads(edit.route) for edit in edits_of(rows)}
    labels = [*stored, *(label for label in yours if label not in stored)]
    fields = [
        {"label": label, "yours": yours.get(label, "not there"), "theirs": stored.get(label, "not there")}
        for label in labels
        if yours.get(label) != stored.get(label)
    ]
    return {
        "by": "Somebody else",
        "at": stage.workflow.updated_at,
        "version": stage.version,
        "fields": fields,
        "reload_url": f"{reverse('stage-drawer', args=[stage.pk])}?tab=routing",
    }


def _leads(route: Mapping[str, Json] | None) -> str:
    if route is None:
        return "next stage"
    if "stage" in route:
        return f"stage {route['stage']}"
    return f"workflow {route['workflow']}, continue at {route['continue_at']}"


def put_errors(rows: Sequence[Row], details: Sequence[Detail], position: int, message: str) -> dict[str, str]:
    """Put the problems of outcomes and routes at their rows, by their paths; returns the others."""
    left: list[str] = []
    for detail in details:
        row, field = _place(rows, detail.path, position)
        if row is None:
            left.append(detail.message)
        else:
            row["errors"] = {**row["errors"], field: detail.message}
    if left:
        return {"form": " ".join(left)}
    return {} if details else {"form": message}


def _place(rows: Sequence[Row], path: str, position: int) -> tuple[Row | None, str]:
    inside = path.removeprefix(f"stages[{position}].")
    for row in rows:
        if inside == f"outcomes[{row['index']}]":
            return row, "name"
        if inside == f"routes.{row['name']}" or inside.startswith(f"routes.{row['name']}."):
            field = inside.removeprefix(f"routes.{row['name']}").strip(".").split(".")[0].split("[")[0]
            return row, field if field in _FIELDS else row["goes_to"]
    return None, ""
