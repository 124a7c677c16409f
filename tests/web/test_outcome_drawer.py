"""The drawers of one outcome and of the workflow that one leads to: shown, saved, refused, in conflict."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from builder.spec import StageRoute, WorkflowRoute
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

Changes = dict[str, str | list[str]]


def _address(site: Site, label: str = "approve", kind: str = "outcome") -> str:
    return f"/drawers/stages/{site.stage().pk}/{kind}?{urlencode({'label': label})}"


def _form(site: Site, label: str = "approve", kind: str = "outcome", who: str = "editor") -> Form:
    return form_in(site.client(who).get(_address(site, label, kind), headers=HTMX))


def _post(site: Site, form: Form, changes: Changes, who: str = "editor") -> Answer:
    return site.client(who).post(form.action, form.with_changes(changes), headers=HTMX)


def test_an_outcome_is_renamed_routed_and_made_the_default_without_touching_the_others(site: Site) -> None:
    """Rules 3.2 and 3.4."""
    form = _form(site)
    assert form.sent["row-0-workflow"] == ["Publish"]
    changes: Changes = {"row-0-name": "ship", "row-0-goes_to": "stage", "row-0-stage": "Archive"}

    answer = _post(site, form, {**changes, "default_outcome": "row-0"})

    assert answer.status_code == 200
    stage = site.spec()
    assert stage.outcomes == ("ship", "reject", "revise")
    assert stage.default_outcome == "ship"
    assert stage.routes == {
        "ship": StageRoute(stage="Archive"),
        "reject": StageRoute(stage="Archive"),
        "revise": StageRoute(stage="Draft"),
    }
    assert stage.exit_hooks[0].model_dump()["options"]["Yes"] == "ship"


def test_the_default_can_be_taken_off_again(site: Site) -> None:
    form = _form(site, "reject")
    assert form.sent["default_outcome"] == ["row-0"]
    sent = {name: value for name, value in form.sent.items() if name != "default_outcome"}

    assert site.client("editor").post(form.action, sent, headers=HTMX).status_code == 200

    assert site.spec().default_outcome is None


@pytest.mark.parametrize("label", ["a b", "a&b=c", "50%", "é/ß?#", '"<b>'])
def test_an_outcome_of_any_name_has_its_drawer(site: Site, label: str) -> None:
    assert _post(site, _form(site), {"row-0-name": label}).status_code == 200

    form = _form(site, label)
    assert form.sent["row-0-name"] == [label]
    assert _post(site, form, {"row-0-goes_to": "end"}).status_code == 200
    assert site.spec().routes[label] == StageRoute(stage="end")
    page = site.client("viewer").get(f"/w/{site.workflow('Review').pk}/outline?" + urlencode(
        {"drawer": f"outcome:{site.stage().pk}:{label}"}
    ))  # fmt: skip
    assert "Outcome: " in text_of(page)


def test_mistakes_are_told_at_their_fields_and_what_was_typed_stays(site: Site) -> None:
    before = site.spec()
    changes: Changes = {
        "row-0-name": "reject",
        "row-0-workflow": "Nowhere",
        "row-0-timeout": "0",
        "row-0-input": "Mine",
    }

    answer = _post(site, _form(site), changes)

    assert answer.status_code == 422
    form = form_in(answer)
    assert "twice" in " ".join([*form.invalid.values(), text_of(answer)])
    assert form.sent["row-0-input"] == ["Mine"]
    assert _post(site, _form(site), {"row-0-workflow": "Nowhere", "row-0-timeout": "0"}).status_code == 422
    assert site.spec() == before


def test_a_target_that_is_too_deep_is_warned_of_where_it_is_chosen(site: Site) -> None:
    """Rule 6.3; ui.md, check 10."""
    warned = _post(site, _form(site), {"row-0-workflow": "Deep 2", "check": "1"})

    assert "depth limit exceeded" in text_of(warned)
    assert 'role="alert"' in warned.content.decode()
    assert _post(site, form_in(warned), {}).status_code == 200


def test_both_editors_of_an_outcome_see_yours_and_theirs(site: Site) -> None:
    form = _form(site)
    assert _post(site, _form(site, who="owner"), {"row-0-goes_to": "end"}, who="owner").status_code == 200

    answer = _post(site, form, {"row-0-input": "Mine"})

    assert answer.status_code == 409
    assert "This was changed by owner" in text_of(answer)
    assert "input Mine" in text_of(answer)
    assert "End the workflow" in text_of(answer)
    assert _post(site, form_in(answer), {"keep": "mine"}).status_code == 200
    route = site.spec().routes["approve"]
    assert isinstance(route, WorkflowRoute)
    assert route.input == "Mine"
    assert _post(site, form, {"keep": "theirs"}).headers["Location"] == _address(site)


def test_an_outcome_that_a_gate_uses_stays_and_the_drawer_says_why(site: Site) -> None:
    answer = _post(site, _form(site), {"delete": "1"})

    assert answer.status_code == 422
    assert "approve" in site.spec().outcomes
    form = form_in(site.client("editor").get(f"/drawers/stages/{site.stage().pk}", headers=HTMX))
    assert _post(site, form, {"hooks-do": "remove 0"}).status_code == 200
    assert _post(site, form_in(_post(site, form, {"hooks-do": "remove 0"})), {}).status_code == 200
    deleted = _post(site, _form(site), {"delete": "1"})
    assert "Deleted approve." in text_of(deleted)
    assert 'value="undo"' in deleted.content.decode()
    assert site.spec().outcomes == ("reject", "revise")


def test_a_workflow_target_shows_how_it_is_called_and_leads_to_the_workflow(site: Site) -> None:
    """Rules 4.1 and 4.4."""
    answer = site.client("viewer").get(_address(site, kind="target"), headers=HTMX)
    page = answer.content.decode()
    assert "Workflow target: Publish" in text_of(answer)
    assert f'href="/w/{site.workflow("Publish").pk}"' in page
    form = _form(site, kind="target")
    assert set(form.sent) >= {"row-0-input", "row-0-continue_at", "row-0-timeout"}

    changes: Changes = {"row-0-input": "Now", "row-0-continue_at": "Archive", "row-0-timeout": ""}
    assert _post(site, form, changes).status_code == 200

    expected = WorkflowRoute(workflow="Publish", input="Now", continue_at="Archive", timeout=None)
    assert site.spec().routes["approve"] == expected
    refused = _post(site, _form(site, kind="target"), {"row-0-timeout": "soon", "row-0-input": "Kept"})
    assert form_in(refused).invalid["row-0-timeout"] == "Must be a number"
    assert form_in(refused).sent["row-0-input"] == ["Kept"]


def test_the_target_of_an_outcome_that_leads_to_no_workflow_is_the_outcome(site: Site) -> None:
    """A link to the drawer of a target that was deleted since shows what is left of it."""
    client, left = site.client("editor"), f'data-drawer="outcome:{site.stage().pk}:reject"'
    assert left in client.get(_address(site, "reject", "target"), headers=HTMX).content.decode()
    assert client.get(_address(site, "nowhere"), headers=HTMX).status_code == 404
    page = client.get(f"/w/{site.workflow('Review').pk}/outline?drawer=target:{site.stage().pk}:reject")
    assert left in page.content.decode()


def test_who_may_not_edit_cannot_change_an_outcome(site: Site) -> None:
    for kind in ("outcome", "target"):
        form = _form(site, kind=kind, who="viewer")
        assert "row-0-input" in form.fixed
        for role, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
            for pressed in ({"row-0-input": "x"}, {"delete": "1"}):
                assert _post(site, form, dict(pressed), who=role).status_code == status
        assert site.client("stranger").get(_address(site, kind=kind)).status_code == 404


def test_without_a_script_an_outcome_is_saved_from_the_page(site: Site) -> None:
    client = site.client("editor")
    form = form_in(client.get(_address(site)), "/drawers/stages")

    saved = client.post(form.action, form.with_changes({"row-0-goes_to": "end"}))

    assert saved.status_code == 302
    assert "Saved approve" in text_of(client.get(saved.headers["Location"]))
