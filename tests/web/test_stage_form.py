"""The Main tab and the assignments of the stage drawer: saved, refused at the field, in conflict."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from builder.models import Stage
from builder.spec import Mode, StageRoute
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

Changes = dict[str, str | list[str]]
NAMES = json.loads((Path(__file__).parent.parent / "corpus/names.json").read_text(encoding="utf-8"))["cases"]


def _address(site: Site, stage: str = "Look") -> str:
    return f"/drawers/stages/{site.stage(stage).pk}"


def _form(site: Site, who: str = "editor", stage: str = "Look") -> Form:
    return form_in(site.client(who).get(_address(site, stage), headers=HTMX))


def _post(site: Site, form: Form, changes: Changes, who: str = "editor") -> Answer:
    return site.client(who).post(form.action, form.with_changes(changes), headers=HTMX)


def test_a_stage_is_saved_with_all_its_own_fields(site: Site) -> None:
    """Rules 2.2 and 2.9: mode, cycles and the loop guard; what leads to a stage follows its new name."""
    typed = {"name": "Check", "task": "Line\r\nbreak", "mode": "conversation", "max_cycles": "7", "max_visits": "2"}

    answer = _post(site, _form(site), dict(typed))

    assert answer.status_code == 200
    assert "Stage 2: Check" in answer.content.decode()
    stage = site.spec("Check")
    assert (stage.task, stage.mode, stage.max_cycles, stage.max_visits) == ("Line\nbreak", Mode.CONVERSATION, 7, 2)


def test_only_what_was_touched_is_saved_and_it_is_one_edit_each(site: Site) -> None:
    before = site.workflow("Review").revision

    assert _post(site, _form(site), {"task": "Another."}).status_code == 200

    assert site.workflow("Review").revision == before + 1
    assert site.spec().outcomes == ("approve", "reject", "revise")


def test_every_mistake_is_told_at_its_field_and_what_was_typed_stays(site: Site) -> None:
    before = site.spec()
    changes: Changes = {"name": "draft", "mode": "conversation", "max_cycles": "0", "max_visits": "many"}

    answer = _post(site, _form(site), {**changes, "row-0-name": "yes", "row-1-stage": "Nowhere"})

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["name"].startswith("'draft' is there already")
    assert form.invalid["max_cycles"] == "Must be at least 1"
    assert form.invalid["max_visits"] == "Must be a number" or form.invalid["max_visits"] == "Must be a whole number"
    assert form.sent["name"] == ["draft"]
    assert form.sent["row-0-name"] == ["yes"]
    assert site.spec() == before


@pytest.mark.parametrize("case", NAMES, ids=[case["title"] for case in NAMES])
def test_a_name_of_the_corpus_is_kept_as_it_is_or_refused_at_its_field(site: Site, case: dict[str, object]) -> None:
    """Trust: nothing in between."""
    name = case.get("name")
    if not isinstance(name, str) or "\r" in name:
        return  # a form sends texts, with the line ends of forms
    try:
        name.encode()
    except UnicodeEncodeError:
        return  # no browser sends half of a pair
    before = site.workflow("Review").revision

    answer = _post(site, _form(site), {"name": name})

    if case["taken"] and name.casefold() not in ("draft", "archive", "end"):
        assert answer.status_code == 200, text_of(answer)
        assert Stage.objects.get(pk=site.workflow("Review").stages.all()[1].pk).name == name
        return
    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["name"]
    assert site.workflow("Review").revision == before


def test_both_editors_of_a_stage_see_yours_and_theirs(site: Site) -> None:
    """Ui.md, section 4.4 and check 11: per field; what only they changed stays theirs."""
    form = _form(site)
    assert _post(site, _form(site, "owner"), {"task": "Theirs.", "max_visits": "9"}, who="owner").status_code == 200

    answer = _post(site, form, {"task": "Mine."})

    assert answer.status_code == 409
    page = text_of(answer)
    assert 'aria-label="This was changed by owner"' in answer.content.decode()
    assert re.search(r"Task Yours Mine\. Theirs \(owner, [\d:]+ ?\) Theirs\.", page)
    assert "Also changed by owner, and kept: Loop guard (max visits) (now 9)" in page
    kept = form_in(answer)
    assert kept.sent["max_visits"] == ["9"]
    assert _post(site, kept, {"keep": "mine"}).status_code == 200
    stage = site.spec()
    assert (stage.task, stage.max_visits) == ("Mine.", 9)


def test_taking_theirs_leads_back_to_what_is_stored(site: Site) -> None:
    answer = _post(site, _form(site), {"task": "Mine.", "keep": "theirs", "tab": "routing"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{_address(site)}?tab=routing"
    assert site.spec().task == "Check every claim."


def test_agents_are_assigned_moved_and_removed_while_the_rest_of_the_form_stays(site: Site) -> None:
    form = _form(site)
    assert form.choices["agent"] == ["", "Ada", "Ben"]

    assigned = _post(site, form, {"agent": "Ada", "assign": "1", "task": "Typed.", "tab": "assignments"})

    assert [each.agent for each in site.spec().assignments] == ["Ada", "Ben", "Ada"]
    assert 'hx-target="#stage-' in assigned.content.decode()
    assert form_in(assigned).sent["task"] == ["Typed."]
    third = site.stage().assignments.last()
    assert third is not None
    moved = _post(site, form_in(assigned), {"move": f"{third.pk}:0"})
    assert [each.agent for each in site.spec().assignments] == ["Ada", "Ada", "Ben"]
    ben = site.stage().assignments.get(agent__name="Ben").pk
    removed = _post(site, form_in(moved), {"unassign": str(ben)})
    assert [each.agent for each in site.spec().assignments] == ["Ada", "Ada"]
    assert form_in(removed).sent["task"] == ["Typed."]
    assert site.spec().task == "Check every claim."
    assert _post(site, form_in(removed), {}).status_code == 200
    assert site.spec().task == "Typed."


def test_an_agent_that_is_not_there_is_told_at_the_field(site: Site) -> None:
    for name in ("", "Nobody", "x" * 30_000):
        answer = _post(site, _form(site), {"agent": name, "assign": "1"})
        assert answer.status_code == 422
        assert form_in(answer).invalid["agent"]
    for wrong in ({"move": "x"}, {"move": "1:2:3"}, {"unassign": "x"}):
        assert _post(site, _form(site), dict(wrong)).status_code in (200, 404, 409)


def test_a_stage_is_deleted_without_asking_and_can_be_had_back(site: Site) -> None:
    answer = _post(site, _form(site, stage="Archive"), {"delete": "1"})

    page = answer.content.decode()
    assert "Deleted Archive." in page
    assert 'value="undo"' in page
    assert site.spec().routes.get("reject") is None
    workflow = site.workflow("Review")
    site.client("editor").post(f"/w/{workflow.pk}/commands", {"do": "undo"})
    assert site.spec().routes["reject"] == StageRoute(stage="Archive")


def test_the_last_stage_cannot_be_deleted_and_the_drawer_says_why(site: Site) -> None:
    address = f"/drawers/stages/{site.stage('Out', 'Publish').pk}"
    form = form_in(site.client("editor").get(address, headers=HTMX))

    answer = _post(site, form, {"delete": "1", "task": "Kept."})

    assert answer.status_code == 409
    assert "A workflow has at least one stage" in text_of(answer)
    assert form_in(answer).sent["task"] == ["Kept."]


def test_viewers_read_every_tab_and_strangers_see_nothing(site: Site) -> None:
    """Interfaces 5: viewers read, editors edit; who is no member is told nothing."""
    form = _form(site, "viewer")
    assert form.fixed >= {"name", "task", "mode", "max_visits"}
    for role, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        for pressed in ({}, {"delete": "1"}, {"assign": "1", "agent": "Ada"}, {"hooks-do": "add exit"}):
            answer = site.client(role).post(_address(site), form.with_changes({"name": "X", **pressed}), headers=HTMX)
            assert answer.status_code == status, (role, pressed)
    assert site.client("stranger").get(_address(site)).status_code == 404


def test_without_a_script_the_assignments_change_on_the_page(site: Site) -> None:
    client = site.client("editor")
    form = form_in(client.get(f"{_address(site)}?tab=assignments"), _address(site))

    page = client.post(_address(site), form.with_changes({"agent": "Ben", "assign": "1", "task": "Typed."}))

    assert page.status_code == 200
    assert "<h1>Review</h1>" in page.content.decode()
    assert form_in(page, _address(site)).sent["task"] == ["Typed."]
    assert len(site.spec().assignments) == 3
