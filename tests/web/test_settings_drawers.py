"""The drawers of a workflow's own settings and of an agent."""

from __future__ import annotations

import json

import pytest

from agents.models import Agent
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

Changes = dict[str, str | list[str]]


def _address(site: Site, workflow: str = "Review") -> str:
    return f"/drawers/workflows/{site.workflow(workflow).pk}"


def _form(site: Site, workflow: str = "Review", who: str = "editor") -> Form:
    return form_in(site.client(who).get(_address(site, workflow), headers=HTMX))


def _post(site: Site, form: Form, changes: Changes, who: str = "editor") -> Answer:
    return site.client(who).post(form.action, form.with_changes(changes), headers=HTMX)


def test_a_workflow_is_renamed_described_and_given_schemas(site: Site) -> None:
    """Rule 1.5: the schema is what input has to fit."""
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}}
    changes: Changes = {
        "name": "Look twice",
        "description": "New.",
        "input_schema": json.dumps(schema),
        "output_schema": "",
    }

    answer = _post(site, _form(site), changes)

    assert answer.status_code == 200
    workflow = site.workflow("Look twice")
    assert (workflow.description, workflow.output_schema) == ("New.", None)
    assert json.dumps(workflow.input_schema) == json.dumps(schema)


def test_saving_without_a_change_changes_nothing(site: Site) -> None:
    before = site.workflow("Typed").revision

    assert _post(site, _form(site, "Typed"), {}).status_code == 200

    assert site.workflow("Typed").revision == before


@pytest.mark.parametrize(
    "schema",
    ["{", "[]", "5", '{"type": "nonsense"}', '{"pattern": "a+"}', '{"$ref": "https://example.com/x"}', "{" * 50],
)
def test_what_is_no_schema_is_told_at_its_field_and_stays(site: Site, schema: str) -> None:
    before = site.workflow("Typed").revision

    answer = _post(site, _form(site, "Typed"), {"input_schema": schema, "description": "Kept"})

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["input_schema"]
    assert form.sent["input_schema"] == [schema]
    assert form.sent["description"] == ["Kept"]
    assert site.workflow("Typed").revision == before


@pytest.mark.parametrize("name", ["", "publish", " x", "a\u200bb", "x" * 101])
def test_a_name_that_cannot_be_is_told_at_its_field(site: Site, name: str) -> None:
    answer = _post(site, _form(site), {"name": name})

    assert answer.status_code in (409, 422)
    assert form_in(answer).invalid["name"]
    assert form_in(answer).sent["name"] == [name]


def test_both_editors_of_the_settings_see_yours_and_theirs(site: Site) -> None:
    form = _form(site)
    theirs: Changes = {"description": "Theirs.", "output_schema": "{}"}
    assert _post(site, _form(site, who="owner"), theirs, who="owner").status_code == 200

    answer = _post(site, form, {"description": "Mine."})

    assert answer.status_code == 409
    page = text_of(answer)
    assert "This was changed by owner" in page
    assert "Description Yours Mine." in page
    assert "Also changed by owner, and kept: Output schema" in page
    assert _post(site, form_in(answer), {"keep": "mine"}).status_code == 200
    workflow = site.workflow("Review")
    assert (workflow.description, workflow.output_schema) == ("Mine.", {})


def test_editing_a_stage_is_no_conflict_for_the_settings(site: Site) -> None:
    """Locking is per object."""
    form = _form(site)
    stage = form_in(site.client("owner").get(f"/drawers/stages/{site.stage().pk}", headers=HTMX))
    assert _post(site, stage, {"task": "Other."}, who="owner").status_code == 200

    assert _post(site, form, {"description": "Mine."}).status_code == 200


def test_who_may_not_edit_cannot_change_the_settings(site: Site) -> None:
    form = _form(site, who="viewer")
    assert "name" in form.fixed
    for role, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        answer = site.client(role).post(form.action, form.with_changes({"name": "x"}), headers=HTMX)
        assert answer.status_code == status
    assert site.client("stranger").get(_address(site)).status_code == 404


def test_without_a_script_the_settings_are_saved_from_the_page(site: Site) -> None:
    client = site.client("editor")
    form = form_in(client.get(_address(site)), "/drawers/workflows")

    saved = client.post(form.action, form.with_changes({"description": "Plain."}))

    assert saved.status_code == 302
    assert "Plain." in text_of(client.get(saved.headers["Location"]))


# Agents


def _agent(site: Site, name: str = "Ben") -> str:
    return f"/drawers/agents/{Agent.objects.get(project=site.project, name=name).pk}"


def test_an_agent_is_assigned_to_a_stage_by_a_select(site: Site) -> None:
    """Ui.md, check 4: by clicks only."""
    workflow = site.workflow("Review").pk
    form = form_in(site.client("editor").get(f"{_agent(site)}?workflow={workflow}", headers=HTMX))
    assert len(form.choices["stage"]) == 4

    answer = _post(site, form, {"stage": str(site.stage("Archive").pk)})

    assert answer.status_code == 200
    assert "Assigned Ben to Archive" in text_of(answer)
    assert [each.agent for each in site.spec("Archive").assignments] == ["Ben"]
    for wrong in ("", "x", "987654", str(site.stage("Out", "Publish").pk)):
        refused = _post(site, form, {"stage": wrong})
        assert refused.status_code == 422
        assert form_in(refused).invalid["stage"] == "Choose a stage"


def test_an_agents_drawer_says_who_it_is_and_where_it_works(site: Site) -> None:
    page = site.client("viewer").get(f"{_agent(site, 'Ada')}?workflow={site.workflow('Review').pk}", headers=HTMX)

    assert "Agent: Ada" in text_of(page)
    assert "You are brief." in text_of(page)
    assert "Review: Look" in text_of(page)
    assert "Assign to stage" not in text_of(page)


def test_an_agent_is_seen_and_assigned_by_members_only(site: Site) -> None:
    form = form_in(site.client("viewer").get(_agent(site), headers=HTMX))
    for role, status in (("viewer", 403), ("stranger", 404)):
        changes: Changes = {"stage": str(site.stage().pk)}
        assert _post(site, form, changes, who=role).status_code == status
    assert site.client("stranger").get(_agent(site)).status_code == 404
    assert site.client("editor").get(f"{_agent(site)}?workflow=987654").status_code == 404
