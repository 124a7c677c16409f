"""The tab Results: what went in, what came out, what was shared on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import escape

from runs.models import WorkflowRun
from runs.pages.readable import cut, leaves, markdown

Json = Any
_RENDERED = 50_000  # characters that are rendered as markdown; longer ones stay as they are
KINDS = {"structured": "Structured", "narrative": "Narrative", "notice": "Notice"}


def results_tab(run: WorkflowRun) -> dict[str, Json]:
    """The context of runs/_tab_results.html."""
    result = run.result
    structured = result is not None and result["kind"] == "structured"
    shared = run.values.get("results", {})
    return {
        "result_kind": KINDS.get(result["kind"], "") if result else "",
        "values": _values(run, "result", _entries(result)),
        "shared": [] if structured else _values(run, "shared", shared),
        "input": _values(run, "input", {"Input": run.input}),
        "download_url": reverse("run-download", args=[run.pk]) if result else "",
    }


def _entries(result: Mapping[str, Json] | None) -> Mapping[str, Json]:
    if result is None:
        return {}
    value = result["value"]
    return value if result["kind"] == "structured" and isinstance(value, dict) else {"Result": value}


def _values(run: WorkflowRun, where: str, values: Mapping[str, Json]) -> list[dict[str, Json]]:
    return [
        _value(run, f"{where}-{number}", where, key, value) for number, (key, value) in enumerate(values.items(), 1)
    ]


def _value(run: WorkflowRun, pk: str, where: str, key: str, value: Json) -> dict[str, Json]:
    is_text = isinstance(value, str)
    html = markdown(value) if is_text and len(value) <= _RENDERED and value.strip() else ""
    text, left = cut(value if is_text else json.dumps(value, indent=2, ensure_ascii=False))
    return {
        "id": pk,
        "key": key,
        "text": text,
        "left": left,
        "html": html,
        "plain": html == f"<p>{escape(text.strip())}</p>\n",
        "tree": leaves(value) if isinstance(value, dict | list) else None,
        "download_url": f"{reverse('run-download', args=[run.pk])}?from={where}&number={pk.rpartition('-')[2]}",
    }


def download(run: WorkflowRun, where: str, number: int) -> tuple[str, str] | None:
    """A value as a file: its text and its ending. None where the run has no such value."""
    result = run.result
    if where not in ("result", "shared", "input"):
        return _file(result["value"]) if result else None
    values = {"result": _entries(result), "shared": run.values.get("results", {}), "input": {"Input": run.input}}[where]
    found = list(values.values())
    return _file(found[number - 1]) if 1 <= number <= len(found) else None


def _file(value: Json) -> tuple[str, str]:
    if isinstance(value, str):
        return value, "md"
    return json.dumps(value, indent=2, ensure_ascii=False), "json"
