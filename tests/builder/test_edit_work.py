"""What one edit looks into, draws and sends: counted, and the same however large the workflow is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from builder.kept import PerStage
from builder.models import Stage, Workflow
from builder.project_file import import_project
from projects.access import Caller
from tests.web.canvas_page import PARTIAL, Page, graph_in, same

Json = Any


def _chain(owner: Caller, stages: int) -> Workflow:
    blocks: list[Json] = [
        {
            "name": f"Part {number}",
            "assignments": [{"agent": "Ben"}],
            "outcomes": ["on", "back"],
            "routes": {"back": {"stage": "Part 0"}, "on": {"workflow": "Other", "continue_at": "Part 1"}},
        }
        for number in range(stages)
    ]
    file = {
        "format": "baton/1",
        "project": {"name": f"Project {stages}", "default_model": "scripted"},
        "agents": [{"name": "Ada"}, {"name": "Ben"}],
        "workflows": [{"name": f"Chain {stages}", "stages": blocks}, {"name": "Other", "stages": [{"name": "Only"}]}],
    }
    import_project(owner, file)
    return Workflow.objects.get(name=f"Chain {stages}")


@pytest.fixture
def looked_into(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the stages that something is made of: read, checked, written as text."""
    made: list[str] = []
    call = PerStage.__call__

    def noting(self: PerStage[Any], stage: Any) -> Any:
        kept = self._kept.get(id(stage))
        if kept is None or kept[0]() is not stage:
            made.append(stage.name)
        return call(self, stage)

    monkeypatch.setattr(PerStage, "__call__", noting)
    return made


_EDITS: dict[str, Callable[[Stage], Json]] = {
    "task": lambda stage: {
        "do": "update_stage",
        "stage": stage.pk,
        "version": stage.version,
        "changes": {"task": "Anew."},
    },
    "agent": lambda stage: {"do": "assign_agent", "stage": stage.pk, "agent": "Ada"},
    "route": lambda stage: {"do": "reroute", "stage": stage.pk, "label": "back", "route": {"stage": "Part 1"}},
    "place": lambda stage: {"do": "place", "places": {f"stage:{stage.pk}": [8, 8]}},
    "order": lambda stage: {"do": "move_stage", "stage": stage.pk, "to": 0},
    "undo": lambda _: {"do": "undo"},
}


@pytest.mark.django_db(transaction=True)  # only what is committed is kept
def test_what_an_edit_looks_into_draws_and_sends_does_not_grow(ana: Caller, looked_into: list[str]) -> None:
    """Issue 3, speed: an edit among 60 stages reads, checks, draws and sends as many of them as one among 6."""
    client = Client()
    client.force_login(ana.user, backend="django.contrib.auth.backends.ModelBackend")
    counts = []
    for stages in (6, 60):
        workflow = _chain(ana, stages)
        page = Page(client, workflow)
        page.send({"do": "add_stage"})
        seen = {}
        for name, command in _EDITS.items():
            looked_into.clear()
            text = page.send(command(Stage.objects.get(workflow=workflow, name="Part 3")))
            part = graph_in(text)
            sent = [len(part["stages"]), len(part["targets"]), len(part["edges"]), len(PARTIAL.findall(text))]
            seen[name] = (len(set(looked_into)), sent)
        same(page)
        counts.append(seen)
    assert counts[0] == counts[1]
    assert counts[1]["task"] == (1, [1, 1, 4, 3]) and counts[1]["place"] == (0, [1, 1, 4, 0])
