"""What the search of the top bar finds, in the projects that the caller can see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.urls import reverse

from agents.models import Agent
from builder.models import Workflow
from builder.pages.project_frame import project_tabs
from projects.access import Caller, visible_projects
from projects.models import Project
from projects.names import MAX_NAME, name_key
from runs.light_rows import light
from runs.models import WorkflowRun
from runs.pages.run_page import run_url

Json = Any
_MOST = 8  # of each kind
_RECENT = 3  # runs of each workflow that was found
_NUMBERED = re.compile(r"(.*?)\s*#?([0-9]{1,9})")  # "12", "#12", "Review #12"
_AT = re.compile(r"/p/([\w-]{1,100})")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
_PAGES = {
    "Approvals": "approvals",
    "Projects": "projects",
    "Help on workflow triggering": "help-triggering",
    "Keyboard shortcuts": "help-shortcuts",
}


def search_page(caller: Caller, typed: str, at: str) -> dict[str, Json]:
    """The context of search/page.html, in a fixed number of queries.

    `typed` may be any text: what no name can hold is left out, and of a long one the beginning counts. `at` is the
    address of the project whose page asks; what is in it comes first. Without a text the projects and pages are shown.
    """
    text = " ".join(_UNPRINTABLE.sub(" ", typed[: 2 * MAX_NAME]).split())[:MAX_NAME]
    key, asked_at = name_key(text), _AT.fullmatch(at)
    here = visible_projects(caller).filter(slug=asked_at[1]).first() if asked_at else None
    workflows = _named(Workflow.objects.all(), caller, key, here) if key else []
    agents = _named(Agent.objects.all(), caller, key, here) if key else []
    found = {
        "Projects": [_project(row) for row in _projects(caller, key)],
        "Workflows": [_workflow(row) for row in workflows],
        "Agents": [_agent(row) for row in agents],
        "Runs": [_run(row) for row in _runs(caller, text, [row["pk"] for row in workflows], here)] if key else [],
        "Pages": _pages(caller, key, here),
    }
    groups = [{"title": title, "items": items} for title, items in found.items() if items]
    return {"text": text, "at": at if here else "", "groups": groups}


def _here_first(field: str, here: Project | None) -> Case:
    is_here = [When(**{field: here.pk}, then=Value(0))] if here else []
    return Case(*is_here, default=Value(1), output_field=IntegerField())


def _begins(key: str) -> Case:
    return Case(When(name_key__startswith=key, then=Value(0)), default=Value(1), output_field=IntegerField())


def _projects(caller: Caller, key: str) -> QuerySet[Project]:
    return visible_projects(caller).filter(name_key__contains=key).order_by(_begins(key), "name_key")[:_MOST]


def _named(rows: QuerySet[Any], caller: Caller, key: str, here: Project | None) -> list[dict[str, Json]]:
    """Workflows or agents by name: those whose name begins so first, then those of this project."""
    fields = ["pk", "name", "project__name", "project__slug", *(["archived_at"] if rows.model is Workflow else [])]
    found = rows.filter(project__in=visible_projects(caller), name_key__contains=key)
    return list(found.order_by(_begins(key), _here_first("project", here), "name_key", "pk").values(*fields)[:_MOST])


def _runs(caller: Caller, text: str, workflows: list[int], here: Project | None) -> list[WorkflowRun]:
    """Runs with the number that was typed, then the latest of the workflows that were found."""
    found = [*_numbered(caller, text, here), *_latest(workflows)]
    return list({run.pk: run for run in found}.values())[:_MOST]


def _numbered(caller: Caller, text: str, here: Project | None) -> Iterable[WorkflowRun]:
    asked = _NUMBERED.fullmatch(text)
    if asked is None:
        return []
    rows = WorkflowRun.objects.filter(project__in=visible_projects(caller), number=int(asked[2]))
    if asked[1]:
        rows = rows.filter(workflow__name_key__contains=name_key(asked[1]))
    return light(rows).select_related("project").order_by(_here_first("project", here), "-created_at")[:_MOST]


def _latest(workflows: list[int]) -> Iterable[WorkflowRun]:
    """The latest few runs of each, by the index of a workflow's runs: however many there are, few are looked at."""
    if not workflows:
        return []
    runs = WorkflowRun.objects.filter(workflow=OuterRef("pk")).order_by("-number").values("pk")
    each = {f"latest_{at}": Subquery(runs[at : at + 1]) for at in range(_RECENT)}
    rows = Workflow.objects.filter(pk__in=workflows).annotate(**each).values_list(*each)
    ids: set[UUID] = {run for row in rows for run in row if run is not None}
    return light(WorkflowRun.objects.filter(pk__in=ids)).select_related("project").order_by("-created_at")[:_MOST]


def _pages(caller: Caller, key: str, here: Project | None) -> list[dict[str, Json]]:
    """Pages by the words of their names: those of this project; of others only where they are asked for."""
    words = key.split()
    projects = [here] if here else list(visible_projects(caller).order_by("name_key")[:_MOST]) if key else []
    found = [
        _item(tab["label"], project.name, tab["url"], "list")
        for project in projects
        for tab in project_tabs(project, "")
        if _has(words, f"{tab['label']} {project.name}") and (here or any(_has([word], tab["label"]) for word in words))
    ]
    found += [_item(label, "", reverse(name), "list") for label, name in _PAGES.items() if _has(words, label)]
    return found[:_MOST]


def _has(words: list[str], text: str) -> bool:
    key = name_key(text)
    return all(word in key for word in words)


def _item(name: str, more: str, url: str, icon: str) -> dict[str, Json]:
    return {"name": name, "more": more, "url": url, "icon": icon}


def _project(row: Project) -> dict[str, Json]:
    return _item(row.name, "", reverse("project", args=[row.slug]), "folder")


def _workflow(row: dict[str, Json]) -> dict[str, Json]:
    more = f"{row['project__name']} · archived" if row["archived_at"] else row["project__name"]
    return _item(row["name"], more, reverse("workflow", args=[row["pk"]]), "workflow")


def _agent(row: dict[str, Json]) -> dict[str, Json]:
    return _item(
        row["name"], row["project__name"], reverse("agent-edit", args=[row["project__slug"], row["pk"]]), "user"
    )


def _run(run: WorkflowRun) -> dict[str, Json]:
    dry = " · dry" if run.dry is not None else ""
    return _item(
        f"{run.workflow_name} #{run.number}", f"{run.project.name} · {run.status}{dry}", run_url(run.pk), "play"
    )
