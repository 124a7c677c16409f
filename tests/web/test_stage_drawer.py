"""The stage drawer: outcomes and where they lead, with warnings, mistakes and two editors."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from builder.models import Workflow
from builder.project_file import import_project
from builder.spec import StageRoute, WorkflowRoute
from projects.access import Caller
from tests.web.conftest import FILE, HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

Changes = dict[str, str | list[str]]


def _address(site: Site, stage: str = "Look", workflow: str = "Review") -> str:
    return f"/drawers/stages/{site.stage(stage, workflow).pk}"


def _form(site: Site, who: str = "editor", stage: str = "Look", workflow: str = "Review") -> Form:
    return form_in(site.client(who).get(f"{_address(site, stage, workflow)}?tab=routing", headers=HTMX))


def _post(site: Site, form: Form, changes: Changes, who: str = "editor") -> Answer:
    return site.client(who).post(form.action, form.with_changes(changes), headers=HTMX)


def _to(workflow: str, **more: str) -> Changes:
    """The fields of the first row, as they are once it goes to a workflow."""
    fields = {"goes_to": "workflow", "workflow": workflow, "input": "", "continue_at": "", "timeout": "", **more}
    return {f"row-0-{name}": value for name, value in fields.items()}


def test_the_drawer_shows_every_tab(site: Site) -> None:
    page = text_of(site.client("viewer").get(_address(site), headers=HTMX))

    assert "Stage: Look" in page
    assert "Check every claim." in page
    assert "Loop guard (max visits)" in page
    assert "Goes to" in page
    labels = [page.index(label) for label in ("Target workflow", " Input {", "Continue at")]
    assert labels == sorted(labels)


def test_rows_hold_what_is_stored(site: Site) -> None:
    sent = _form(site).sent

    assert sent["rows"] == ["3"]
    assert [sent[f"row-{n}-name"] for n in range(3)] == [["approve"], ["reject"], ["revise"]]
    assert [sent[f"row-{n}-goes_to"] for n in range(3)] == [["workflow"], ["stage"], ["stage"]]
    assert sent["row-0-workflow"] == ["Publish"]
    assert sent["row-0-input"] == ['{\r\n  "title": "{{results.title}}"\r\n}']
    assert sent["row-0-continue_at"] == [""]
    assert sent["row-0-timeout"] == ["600"]
    assert sent["row-1-stage"] == ["Archive"]
    assert sent["default_outcome"] == ["row-1"]


def test_saving_without_a_change_changes_nothing(site: Site) -> None:
    before = (site.workflow("Review").revision, site.spec())

    assert _post(site, _form(site), {}).status_code == 200

    assert (site.workflow("Review").revision, site.spec()) == before


def test_every_way_to_go_is_stored(site: Site) -> None:
    """Rules 3.4 and 4.1: next stage, a stage, the end, a workflow with input and continue at, a time limit (4.4)."""
    changes: Changes = {
        **_to("Typed", input='{"title": "{{input}}"}', continue_at="Archive", timeout="30"),
        "row-1-goes_to": "next",
        "row-2-goes_to": "end",
    }

    answer = _post(site, _form(site), changes)

    assert answer.status_code == 200
    routes = site.spec().routes
    expected = WorkflowRoute(workflow="Typed", input={"title": "{{input}}"}, continue_at="Archive", timeout=30)
    assert routes == {"approve": expected, "revise": StageRoute(stage="end")}
    assert "Typed</a>, then Archive" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ('{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ("Deploy {{results.plan}}", "Deploy {{results.plan}}"),
        ("{{results}}", "{{results}}"),
        ('{"a": 1', '{"a": 1'),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        ("[1]", "[1]"),
        ("Line\r\nbreak ", "Line\nbreak "),
        ("", ""),
    ],
)
def test_input_is_an_object_where_one_was_typed(site: Site, typed: str, stored: object) -> None:
    """Rule 4.1: text, or a JSON object whose strings may name values."""
    assert _post(site, _form(site), {"row-0-input": typed}).status_code == 200

    route = site.spec().routes["approve"]
    assert isinstance(route, WorkflowRoute)
    assert route.input == stored


def test_rows_are_added_and_removed_without_saving(site: Site) -> None:
    before = site.workflow("Review").revision
    added = form_in(_post(site, _form(site), {"row-1-name": "refuse", "add": "1"}))
    assert added.sent["rows"] == ["4"]
    assert added.sent["row-1-name"] == ["refuse"]
    assert added.sent["row-3-goes_to"] == ["next"]

    removed = form_in(_post(site, added, {"row-3-name": "later", "remove": "0"}))

    assert removed.sent["rows"] == ["3"]
    assert [removed.sent[f"row-{n}-name"] for n in range(3)] == [["refuse"], ["revise"], ["later"]]
    assert removed.sent["default_outcome"] == ["row-0"]
    assert removed.sent["version"] == added.sent["version"]
    assert site.workflow("Review").revision == before


def test_a_renamed_outcome_takes_its_gate_its_route_and_the_default_along(site: Site) -> None:
    assert _post(site, _form(site), {"row-1-name": "refuse"}).status_code == 200

    stage = site.spec()
    assert stage.outcomes == ("approve", "refuse", "revise")
    assert stage.default_outcome == "refuse"
    assert stage.routes["refuse"] == StageRoute(stage="Archive")
    gate = stage.exit_hooks[0]
    assert gate.model_dump()["options"]["No"] == "refuse"
    assert gate.model_dump()["deadline"]["outcome"] == "refuse"


def test_an_outcome_of_a_gate_cannot_be_removed_and_the_reason_is_told(site: Site) -> None:
    form = form_in(_post(site, _form(site), {"remove": "0"}))

    answer = _post(site, form, {})

    assert answer.status_code == 422
    assert "An approval of this stage leads to it: 'approve' is none of the stage's outcomes" in text_of(answer)
    assert form_in(answer).sent["rows"] == ["2"]
    assert site.spec().outcomes == ("approve", "reject", "revise")


def test_every_mistake_is_told_at_its_row_and_what_was_typed_stays(site: Site) -> None:
    before = site.spec()
    changes: Changes = {
        **_to("", input="Typed & kept", timeout="soon"),
        "row-1-name": " ",
        "row-2-stage": "Nowhere",
        "default_outcome": "",
    }

    answer = _post(site, _form(site), changes)

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["row-0-workflow"] == "Choose a workflow"
    assert form.invalid["row-0-timeout"] == "Must be a number"
    assert form.invalid["row-1-name"] == "Must not be empty"
    assert form.invalid["row-2-stage"].startswith("There is no stage 'Nowhere'")
    assert form.sent["row-0-input"] == ["Typed & kept"]
    assert form.sent["row-0-timeout"] == ["soon"]
    assert site.spec() == before


@pytest.mark.parametrize("name", ["two words", 'quo"ted', "مرحبا", "a.b[0]"])
def test_mistakes_find_their_row_whatever_it_is_called(site: Site, name: str) -> None:
    answer = _post(site, _form(site), {**_to("Publish", timeout="0"), "row-0-name": name})

    assert form_in(answer).invalid == {"row-0-timeout": "Must be at least 1"}


def test_twins_are_told_at_the_second(site: Site) -> None:
    answer = _post(site, _form(site), {"row-2-name": "reject"})

    assert answer.status_code == 422
    assert form_in(answer).invalid["row-2-name"] == "'reject' is there twice"


def test_more_outcomes_than_a_stage_takes_are_refused_and_none_is_lost(site: Site) -> None:
    rows: Changes = {"rows": "101"}
    for index in range(101):
        rows |= {f"row-{index}-name": f"outcome {index}", f"row-{index}-goes_to": "next"}

    answer = _post(site, _form(site, stage="Draft"), rows)

    assert answer.status_code == 422
    assert "must have at most 100" in text_of(answer)
    assert form_in(answer).sent["rows"] == ["101"]


def test_a_workflow_that_triggers_itself_is_warned_of_and_may_be_saved(site: Site) -> None:
    """Rule 6.4: the builder warns while designing."""
    changes = _to("Review")

    warned = _post(site, _form(site), {**changes, "check": "1"})

    assert 'role="alert"' in warned.content.decode()
    assert "This workflow triggers itself." in text_of(warned)
    assert _post(site, form_in(warned), {}).status_code == 200
    assert "Review can trigger itself" in text_of(site.client("viewer").get(f"/w/{site.workflow('Review').pk}/outline"))


def test_a_chain_of_four_workflows_is_warned_of_and_may_be_saved(site: Site) -> None:
    """Rule 6.3: A > B > C > D is one too deep; choosing the target shows it, saving stays possible."""
    assert "depth limit exceeded" not in text_of(_post(site, _form(site), {**_to("Deep 3"), "check": "1"}))

    warned = _post(site, _form(site), {**_to("Deep 2"), "check": "1"})

    assert "Review > Deep 2 > Deep 3 > Publish is 4 workflows long" in text_of(warned)
    assert "depth limit exceeded" in text_of(warned)
    assert _post(site, form_in(warned), {}).status_code == 200


def test_a_chain_that_begins_at_a_caller_is_warned_of_too(site: Site) -> None:
    """Rule 6.3: whoever lengthens a chain at its end is told."""
    assert _post(site, _form(site), _to("Deep 2")).status_code == 200
    form = _form(site, stage="Go", workflow="Deep 3")

    warned = _post(site, form, {**_to("Typed"), "check": "1"})

    assert "Review > Deep 2 > Deep 3 > Typed is 4 workflows long" in text_of(warned)


def test_targets_are_the_workflows_of_this_project_without_archived_ones(site: Site) -> None:
    """Rule 6.1."""
    import_project(Caller(User.objects.get(username="owner")), {**FILE, "project": {"name": "Other"}, "workflows": [
        {"name": "Elsewhere", "stages": [{"name": "Only"}]}
    ]})  # fmt: skip
    Workflow.objects.filter(name="Typed").update(archived_at=timezone.now())

    form = _form(site)

    assert form.choices["row-0-workflow"] == ["", "Deep 2", "Deep 3", "Publish", "Review"]
    answer = _post(site, form, _to("Elsewhere"))
    assert form_in(answer).invalid["row-0-workflow"].startswith("There is no workflow 'Elsewhere'")


def test_a_route_to_an_archived_workflow_is_not_lost_by_saving(site: Site) -> None:
    before = site.spec().routes
    Workflow.objects.filter(name="Publish").update(archived_at=timezone.now())

    assert _post(site, _form(site), {}).status_code == 200

    assert site.spec().routes == before


def test_the_second_of_two_editors_sees_both_and_decides(site: Site) -> None:
    form = _form(site)
    theirs: Changes = {"row-2-goes_to": "end", "default_outcome": ""}
    assert _post(site, _form(site, "owner"), theirs, who="owner").status_code == 200

    answer = _post(site, form, {"row-0-input": "Mine"})

    assert answer.status_code == 409
    page = text_of(answer)
    assert re.search(r"Outcome revise Yours Stage Draft Theirs \(owner, [\d:]+ ?\) End the workflow", page)
    assert re.search(r"Default outcome Yours reject Theirs \(owner, [\d:]+ ?\) None", page)
    assert "Workflow Publish, continue at End the workflow, input Mine, at most 600 seconds" in page
    assert site.spec().routes["revise"] == StageRoute(stage="end")

    assert _post(site, form_in(answer), {"keep": "mine"}).status_code == 200
    assert site.spec().routes["revise"] == StageRoute(stage="Draft")


def test_editing_an_assignment_is_no_conflict_for_the_stage(site: Site) -> None:
    """Locking is per object."""
    form = _form(site)
    address = f"/drawers/assignments/{site.assignment().pk}"
    beside = form_in(site.client("owner").get(address, headers=HTMX))
    assert (
        site.client("owner").post(address, beside.with_changes({"directive": "New."}), headers=HTMX).status_code == 200
    )

    assert _post(site, form, {"row-0-input": "Mine"}).status_code == 200


def test_readers_see_the_rows_without_their_buttons(site: Site) -> None:
    for role in ("viewer", "operator"):
        answer = site.client(role).get(f"{_address(site)}?tab=routing", headers=HTMX)
        page = text_of(answer)
        assert "Publish" in page
        assert "Save" not in page
        assert "Add outcome" not in page
        assert "row-0-name" in form_in(answer).fixed


def test_without_a_script_rows_are_added_on_the_page(site: Site) -> None:
    client = site.client("editor")
    form = form_in(client.get(_address(site)), _address(site))

    page = client.post(_address(site), form.with_changes({"add": "1"}))

    assert "<h1>Review</h1>" in page.content.decode()
    assert form_in(page, _address(site)).sent["rows"] == ["4"]
