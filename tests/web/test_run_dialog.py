"""The run dialog: a text or a form made from the schema, and exactly one start."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from builder.models import Workflow
from runs.models import WorkflowRun
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in


def _address(site: Site, workflow: str) -> str:
    return f"/w/{site.workflow(workflow).pk}/run"


def _form(site: Site, workflow: str) -> Form:
    return form_in(site.client("operator").get(_address(site, workflow), headers=HTMX))


def _start(site: Site, workflow: str, changes: dict[str, str | list[str]]) -> Answer:
    form = _form(site, workflow)
    return site.client("operator").post(form.action, form.with_changes(changes), headers=HTMX)


def _newest(site: Site) -> WorkflowRun:
    return WorkflowRun.objects.filter(project=site.project).order_by("-number")[0]


def _with_schema(site: Site, schema: Any) -> None:
    workflow = site.workflow("Publish")
    workflow.input_schema, workflow.current_version = schema, None
    workflow.save()


def test_a_workflow_without_a_schema_takes_a_text(site: Site) -> None:
    """Rules 1.1 and 1.5: origin, starter and input are recorded."""
    answer = _start(site, "Publish", {"input": "First.\r\nSecond."})

    run = _newest(site)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == f"/r/{run.pk}"
    assert (run.input, run.origin, run.depth) == ("First.\nSecond.", "manual", 0)
    assert run.starter is not None
    assert run.starter.get_username() == "operator"


def test_json_stays_text_where_there_is_no_schema(site: Site) -> None:
    _start(site, "Publish", {"input": '{"a": 1}'})

    assert _newest(site).input == '{"a": 1}'


def test_json_is_read_where_a_schema_without_fields_asks_for_an_object(site: Site) -> None:
    """Rule 1.5."""
    _with_schema(site, {"type": "object", "minProperties": 1})

    _start(site, "Publish", {"input": '{"a": 1}'})

    assert _newest(site).input == {"a": 1}


def test_without_a_script_the_dialog_is_a_page_and_redirects(site: Site) -> None:
    client = site.client("operator")
    page = client.get(_address(site, "Publish"))
    form = form_in(page, _address(site, "Publish"))
    assert "<dialog" in page.content.decode()
    assert "<title>Run Publish" in page.content.decode()

    answer = client.post(form.action, form.with_changes({"input": "x"}))

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/r/{_newest(site).pk}")


def test_a_second_click_starts_nothing_more(site: Site) -> None:
    """Rule 1.4."""
    form = _form(site, "Publish")
    before = WorkflowRun.objects.count()
    client = site.client("operator")

    first, second = (client.post(form.action, form.with_changes({"input": "x"}), headers=HTMX) for _ in range(2))

    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    assert WorkflowRun.objects.count() == before + 1
    assert _form(site, "Publish").sent["key"] != form.sent["key"]


def test_fields_come_from_the_schema(site: Site) -> None:
    answer = site.client("operator").get(_address(site, "Typed"), headers=HTMX)

    form = form_in(answer)
    assert form.sent["input-rate"] == ["0.5"]
    assert form.sent["input-urgent"] == ["true"]
    assert form.choices["input-tone"] == ["", "calm", "loud", "3"]
    page = text_of(answer)
    assert "Headline What it is called." in page
    assert "rate (optional)" in page
    assert 'type="number" step="1"' in answer.content.decode()
    assert 'min="1" max="9"' in answer.content.decode()


def test_fields_become_values_of_their_types(site: Site) -> None:
    """Rule 1.5."""
    changes: dict[str, str | list[str]] = {
        "input-title": "Hello",
        "input-count": "3",
        "input-rate": "1.5",
        "input-tone": "3",
        "input-urgent": [],
        "input-options": '{"deep": true}',
        "input-tags": '["a", "b"]',
    }

    assert _start(site, "Typed", changes).status_code == 204

    assert _newest(site).input == {
        "title": "Hello",
        "count": 3,
        "rate": 1.5,
        "tone": 3,
        "urgent": False,
        "options": {"deep": True},
        "tags": ["a", "b"],
    }


def test_empty_fields_that_are_not_required_are_left_out(site: Site) -> None:
    assert _start(site, "Typed", {"input-title": "Hello", "input-count": "3", "input-rate": ""}).status_code == 204

    assert _newest(site).input == {"title": "Hello", "count": 3, "urgent": True}


def test_every_mistake_is_told_at_its_field_and_no_run_exists(site: Site) -> None:
    """Rule 1.5: refused with the field and the reason; what was typed stays."""
    before = WorkflowRun.objects.count()
    changes: dict[str, str | list[str]] = {
        "input-title": "",
        "input-count": "12",
        "input-rate": "much",
        "input-tone": "shrill",
        "input-urgent": [],
        "input-options": '{"deep": ',
        "input-tags": '["a", 1]',
    }

    answer = _start(site, "Typed", changes)

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["input-title"] == "This is needed."
    assert form.invalid["input-count"] == "12 is greater than the maximum of 9"
    assert form.invalid["input-rate"] == "'much' is not of type 'number'"
    assert form.invalid["input-tone"].startswith("'shrill' is not one of")
    assert form.invalid["input-options"].startswith("Is not JSON")
    assert form.invalid["input-tags"] == "[1]: 1 is not of type 'string'"
    assert form.sent["input-rate"] == ["much"]
    assert form.sent["input-options"] == ['{"deep": ']
    assert "input-urgent" not in form.sent
    assert WorkflowRun.objects.count() == before


def test_the_same_dialog_starts_after_its_mistakes_are_mended(site: Site) -> None:
    refused = form_in(_start(site, "Typed", {"input-title": "Hello"}))

    answer = site.client("operator").post(refused.action, refused.with_changes({"input-count": "1"}), headers=HTMX)

    assert answer.status_code == 204


def test_a_text_that_does_not_fit_is_told_at_the_text(site: Site) -> None:
    _with_schema(site, {"type": "string", "minLength": 3})

    answer = _start(site, "Publish", {"input": "ab"})

    assert answer.status_code == 422
    assert form_in(answer).invalid["input"].startswith("'ab' is too short")
    assert form_in(answer).sent["input"] == ["ab"]


def test_what_belongs_to_no_field_is_told_above_them(site: Site) -> None:
    _with_schema(site, {"type": "object", "properties": {"a": {"type": "string"}}, "minProperties": 1})

    answer = _start(site, "Publish", {"input-a": ""})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_a_workflow_that_cannot_be_started_says_why(site: Site) -> None:
    form = _form(site, "Publish")
    Workflow.objects.filter(name="Publish").update(archived_at=timezone.now())

    answer = site.client("operator").post(form.action, form.with_changes({"input": "kept"}), headers=HTMX)

    assert answer.status_code == 422
    assert "The workflow Publish is archived" in text_of(answer)
    assert form_in(answer).sent["input"] == ["kept"]


_ODD: tuple[dict[str, Any], ...] = (
    {"type": "object", "properties": {"a b": True, 'q"': {"type": ["integer", "null"]}}, "required": ["later"]},
    {"properties": {"x": {"const": 1}, "y": {"anyOf": [{"type": "string"}]}, "z": {"$ref": "#/$defs/n"}},
     "$defs": {"n": {}}},
    {"type": ["object", "string"], "properties": {"x": {"type": "string", "default": "two\nlines"}}},
    {"type": "string", "properties": {"x": {}}},
    {"type": "object", "properties": {}},
    {},
)  # fmt: skip


@pytest.mark.parametrize("schema", _ODD)
def test_a_dialog_opens_whatever_the_schema_is(site: Site, schema: Any) -> None:
    _with_schema(site, schema)

    assert site.client("operator").get(_address(site, "Publish"), headers=HTMX).status_code == 200
    assert _start(site, "Publish", {}).status_code in (204, 422)
