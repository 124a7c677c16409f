"""The corpus of names and texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builder.validation import checked_file
from projects.errors import Invalid
from tests.builder.conftest import Api
from tests.builder.made import changed, found, project_file

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "corpus" / "names.json").read_text())["cases"]
IDS = [case["title"] for case in CASES]
# One place for each kind of name; the names that refer to it go along.
PLACES = {
    "project.name": [],
    "agents[1].name": ["workflows[0].stages[0].assignments[0].agent"],
    "workflows[1].name": ["workflows[0].stages[0].routes.go.workflow"],
    "workflows[0].stages[1].name": ["workflows[0].stages[0].routes.back.stage"],
    "workflows[0].stages[0].outcomes[2]": [],
    "workflows[0].stages[0].exit_hooks[0].name": [],
    "workflows[0].triggers[0].name": [],
}
PLAIN = project_file(
    agents=[{"name": "Ben"}, {"name": "Other"}],
    workflows=[
        {
            "name": "Main",
            "stages": [
                {
                    "name": "Draft",
                    "assignments": [{"agent": "Other"}],
                    "outcomes": ["go", "back", "third"],
                    "routes": {"go": {"workflow": "Target", "continue_at": "end"}, "back": {"stage": "Next"}},
                    "exit_hooks": [{"kind": "approval", "name": "Gate", "message": "?", "options": {"Go": "go"}}],
                },
                {"name": "Next"},
            ],
            "triggers": [{"kind": "webhook", "name": "In"}],
        },
        {"name": "Target", "stages": [{"name": "Out"}]},
    ],
)


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("place", PLACES)
def test_the_rules_of_names_hold_at_every_place(place: str, case: dict[str, Any]) -> None:
    """Interfaces 2: 1 to 100 characters, printable, no space outside, no control or direction character."""
    optional = place.endswith(("hooks[0].name", "triggers[0].name"))
    file = changed(PLAIN, set=dict.fromkeys((place, *PLACES[place]), case["name"]))
    if case["taken"] or (optional and not case["name"]):
        assert found(checked_file(file).model_dump(mode="json"), place) == case["name"]
        return
    with pytest.raises(Invalid) as refused:
        checked_file(file)
    assert place in [detail.path for detail in refused.value.details]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_name_comes_back_as_it_was_sent(api: Api, case: dict[str, Any]) -> None:
    """Interfaces 2: over the API a good name is stored unchanged, a bad one leaves nothing behind."""
    file = changed(
        PLAIN, set={"agents[1].name": case["name"], "workflows[0].stages[0].assignments[0].agent": case["name"]}
    )

    answer = api("POST", "/projects/import", file)

    assert answer.status == (201 if case["taken"] else 422)
    items = api("GET", "/projects/website/agents")
    names = [item["name"] for item in items.body["items"]] if items.status == 200 else []
    assert (case["name"] in names) is case["taken"]


def test_the_corpus_holds_what_it_should() -> None:
    """Trust 4.1: at least 24 cases."""
    assert len(CASES) >= 24
