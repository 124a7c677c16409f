"""Two runs of a workflow side by side: what they cost, the way they went, and what they returned."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse

from builder.pages.text_diff import text_diff
from runs.models import WorkflowRun
from runs.pages.compare_steps import Asked, compared_steps
from runs.pages.durations import between
from runs.pages.looks import run_looks
from runs.pages.readable import readable
from runs.pages.tabs.prompts import cost
from runs.pages.words import origin_text
from runs.rerun_links import link_of

Json = Any
_NONE = "–"
_OFFERED = 30  # runs of the workflow that can be chosen


def compare(a: WorkflowRun, b: WorkflowRun, asked: Asked) -> dict[str, Json]:
    """The context of runs/compare.html: both runs, their facts, a page of their steps, and the texts that differ."""
    looks = run_looks([a, b])
    sides = [{**_side(run), **looks[run.pk]._asdict()} for run in (a, b)]
    return {
        "sides": sides,
        "facts": [_fact(label, *values) for label, values in _facts(a, b) if _tells(label, values)],
        "way": compared_steps(a, b, asked),
        "texts": [_text(label, one, other) for label, one, other in _texts(a, b)],
    }


def choices(run: WorkflowRun, *chosen: WorkflowRun | None) -> list[dict[str, Json]]:
    """The latest runs of the same workflow, and the chosen ones whatever their age."""
    rows = list(WorkflowRun.objects.filter(**_same_workflow(run)).order_by("-number")[:_OFFERED])
    known = {row.pk for row in rows}
    rows += [one for one in chosen if one is not None and one.pk not in known]
    return [{"value": str(row.pk), "label": f"#{row.number} · {row.status}"} for row in rows]


def same_workflow(a: WorkflowRun, b: WorkflowRun) -> bool:
    """Whether both ran the same workflow, under whatever name."""
    return all(getattr(b, name) == value for name, value in _same_workflow(a).items())


def _same_workflow(run: WorkflowRun) -> dict[str, Json]:
    if run.workflow_id is not None:
        return {"project_id": run.project_id, "workflow_id": run.workflow_id}
    return {"project_id": run.project_id, "workflow_id": None, "workflow_name": run.workflow_name}


def _side(run: WorkflowRun) -> dict[str, Json]:
    return {
        "label": f"{run.workflow_name} #{run.number}",
        "number": run.number,
        "url": reverse("run", args=[run.pk]),
        "dry": run.dry is not None,
        "created_at": run.created_at,
    }


# Facts


def _facts(a: WorkflowRun, b: WorkflowRun) -> list[tuple[str, tuple[str, str]]]:
    both = (a, b)

    def of(look: Any) -> tuple[str, str]:
        one, other = (str(look(run)) for run in both)
        return one, other

    children = [WorkflowRun.objects.filter(parent=run).count() for run in both]
    return [
        ("Origin", of(_origin)),
        ("Version", of(lambda run: run.version.number)),
        ("Took", of(lambda run: between(run.started_at, run.finished_at))),
        ("Turns", of(lambda run: run.requests)),
        ("Tokens in", of(lambda run: f"{run.input_tokens:,}" if run.input_tokens else _NONE)),
        ("Tokens out", of(lambda run: f"{run.output_tokens:,}" if run.output_tokens else _NONE)),
        ("Cost", of(lambda run: cost(run.cost) or _NONE)),
        ("Runs triggered", (str(children[0]), str(children[1]))),
        ("Warnings", of(lambda run: len(run.warnings))),
    ]


def _origin(run: WorkflowRun) -> str:
    link = link_of(run)
    if link is None:
        return origin_text(run, run.starter.get_username() if run.starter else None)
    what = "Retry" if run.origin == "retry" else "Re-run"
    return f"{what} of #{link.of_number}" + (f" from {link.stage}" if link.stage else "")


def _tells(label: str, values: tuple[str, str]) -> bool:
    return not (label.startswith("Tokens") and values == (_NONE, _NONE))


def _fact(label: str, one: str, other: str) -> dict[str, Json]:
    return {"label": label, "a": one, "b": other, "differs": one != other}


# Texts


def _texts(a: WorkflowRun, b: WorkflowRun) -> list[tuple[str, str, str]]:
    found = [("Input", _written(a.input), _written(b.input)), ("Result", _result(a), _result(b))]
    errors = [run.error["message"] if run.error else "" for run in (a, b)]
    return [*found, ("Error", errors[0], errors[1])] if any(errors) else found


def _result(run: WorkflowRun) -> str:
    return _written(run.result["value"]) if run.result else ""


def _written(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _text(label: str, one: str, other: str) -> dict[str, Json]:
    if one == other:
        return {"label": label, "same": True, "text": readable(one[:2_000]), "empty": not one}
    return {"label": label, "same": False, "field": {"label": label, **text_diff(readable(one), readable(other))}}
