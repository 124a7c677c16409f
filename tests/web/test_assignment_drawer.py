"""The assignment drawer: shown, saved, refused, and saved by two at once."""

from __future__ import annotations

import re

from django.utils import timezone

from builder.models import Workflow
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, form_in


def _address(site: Site) -> str:
    return f"/drawers/assignments/{site.assignment().pk}"


def _save(site: Site, changes: dict[str, str | list[str]], who: str = "editor") -> Answer:
    """Open the drawer, change some of its fields, save."""
    client = site.client(who)
    form = form_in(client.get(_address(site), headers=HTMX))
    return client.post(_address(site), form.with_changes(changes), headers=HTMX)


def test_the_drawer_shows_what_is_stored(site: Site) -> None:
    answer = site.client("editor").get(_address(site), headers=HTMX)

    form = form_in(answer)
    assert form.sent["directive"] == ["Be strict."]
    assert form.sent["capabilities"] == ["trigger_workflows"]
    assert form.sent["allowed_workflows"] == ["Publish"]
    assert form.sent["trigger_timeout"] == ["300"]
    assert form.sent["share"] == ["title\r\ndraft"]
    page = text_of(answer)
    assert "Assignment: Ada" in page
    assert "Trigger Workflows" in page
    assert "Wait for a triggered workflow (seconds)" in page
    assert answer.content.decode().count('role="switch"') == 4


def test_saving_without_a_change_changes_nothing(site: Site) -> None:
    before = (site.workflow("Review").revision, site.assigned())

    answer = _save(site, {})

    assert answer.status_code == 200
    assert (site.workflow("Review").revision, site.assigned()) == before


def test_every_field_is_stored_and_shown_again(site: Site) -> None:
    """Rule 2.4: the switches; rules 2.7 and 5.1: the limits."""
    answer = _save(
        site,
        {
            "directive": "  Indented.\r\nTwo lines.",
            "capabilities": ["trigger_workflows", "decide_outcome"],
            "allowed_workflows": ["Publish", "Typed"],
            "trigger_timeout": "12.5",
            "timeout": "60",
            "attempts": "5",
            "share": "title\r\n\r\n  plan ",
        },
    )

    assert answer.status_code == 200
    stored = site.assigned()
    assert stored.directive == "  Indented.\nTwo lines."
    assert [str(item) for item in stored.capabilities] == ["trigger_workflows", "decide_outcome"]
    assert stored.allowed_workflows == ("Publish", "Typed")
    assert (stored.trigger_timeout, stored.timeout, stored.retries.attempts) == (12.5, 60, 5)
    assert stored.share == ("title", "plan")
    shown = form_in(site.client("editor").get(_address(site), headers=HTMX)).sent
    assert shown["trigger_timeout"] == ["12.5"]
    assert shown["directive"] == ["  Indented.\r\nTwo lines."]


def test_a_text_that_begins_with_an_empty_line_stays_as_it_is(site: Site) -> None:
    """Browsers drop the first line break inside a textarea."""
    _save(site, {"directive": "\r\nSecond line."})

    _save(site, {"attempts": "2"})

    assert site.assigned().directive == "\nSecond line."


def test_the_answer_brings_the_card_with_the_new_capability(site: Site) -> None:
    answer = _save(site, {"capabilities": ["trigger_workflows", "decide_outcome"]})

    page = answer.content.decode()
    assert f'hx-target="#stage-{site.stage().pk}"' in page
    assert "Assignment 1: Ada, Trigger Workflows, Decides outcome" in page
    assert f"Saved, revision {site.workflow('Review').revision}" in page
    assert 'hx-target="#problems"' in page


def test_every_mistake_is_told_at_its_field_and_what_was_typed_stays(site: Site) -> None:
    before = site.assigned()
    typed: dict[str, str | list[str]] = {
        "directive": "Typed & kept",
        "trigger_timeout": "soon",
        "timeout": "0",
        "attempts": "99",
        "capabilities": ["decide_outcome"],
    }

    answer = _save(site, typed)

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid == {
        "trigger_timeout": "Must be a number",
        "timeout": "Must be at least 1",
        "attempts": "Must be at most 10",
    }
    for name, value in typed.items():
        assert form.sent[name] == (value if isinstance(value, list) else [value])
    assert site.assigned() == before


def test_what_the_form_never_offers_is_refused(site: Site) -> None:
    before = site.assigned()
    refused: tuple[dict[str, str | list[str]], ...] = (
        {"capabilities": ["fly"]},
        {"allowed_workflows": ["Elsewhere"]},
        {"directive": "NUL \x00"},
        {"timeout": "nan"},
        {"attempts": "9" * 5000},
    )
    for changes in refused:
        answer = _save(site, changes)
        assert answer.status_code == 422
        assert 'class="error-text"' in answer.content.decode() or 'role="alert"' in answer.content.decode()
    assert site.assigned() == before


def test_the_second_of_two_editors_sees_both_values_and_decides(site: Site) -> None:
    """Nothing is overwritten silently; nothing typed is lost."""
    mine, theirs = site.client("editor"), site.client("owner")
    form = form_in(mine.get(_address(site), headers=HTMX))
    _save(site, {"directive": "Theirs.", "attempts": "4"}, who="owner")

    answer = mine.post(_address(site), form.with_changes({"directive": "Mine."}), headers=HTMX)

    assert answer.status_code == 409
    page = text_of(answer)
    assert "This was changed by owner at" in page
    assert re.search(r"Directive Yours Mine\. Theirs \(owner, [\d:]+ ?\) Theirs\.", page)
    assert "Also changed by owner, and kept: Attempts when a model call fails (now 4)" in page
    assert "Keep mine" in page
    assert "Take theirs" in page
    assert site.assigned().directive == "Theirs."
    kept = form_in(answer)
    assert kept.sent["directive"] == ["Mine."]

    # A third save in between is a conflict again.
    assert _save(site, {"directive": "Third."}, who="owner").status_code == 200
    again = mine.post(_address(site), kept.with_changes({"keep": "mine"}), headers=HTMX)
    assert again.status_code == 409
    last = form_in(again).with_changes({"keep": "mine"})
    assert mine.post(_address(site), last, headers=HTMX).status_code == 200
    assert site.assigned().directive == "Mine."
    assert theirs.get(_address(site)).status_code == 200


def test_a_mistake_does_not_hide_a_conflict(site: Site) -> None:
    mine = site.client("editor")
    form = form_in(mine.get(_address(site), headers=HTMX))
    refused = mine.post(_address(site), form.with_changes({"attempts": "99"}), headers=HTMX)
    assert refused.status_code == 422
    _save(site, {"directive": "Theirs."}, who="owner")

    corrected = form_in(refused).with_changes({"attempts": "4"})

    assert mine.post(_address(site), corrected, headers=HTMX).status_code == 409


def test_readers_see_the_drawer_without_its_buttons(site: Site) -> None:
    """Interfaces 5: viewers and operators read."""
    for role in ("viewer", "operator"):
        answer = site.client(role).get(_address(site), headers=HTMX)
        form = form_in(answer)
        assert "Save" not in text_of(answer)
        assert form.fixed >= {"directive", "capabilities", "trigger_timeout", "timeout", "attempts", "share"}


def test_an_archived_workflow_that_was_allowed_is_not_lost_by_saving(site: Site) -> None:
    Workflow.objects.filter(name="Publish").update(archived_at=timezone.now())
    form = form_in(site.client("editor").get(_address(site), headers=HTMX))
    assert "Publish" in form.choices["allowed_workflows"]

    assert _save(site, {"directive": "New."}).status_code == 200

    assert site.assigned().allowed_workflows == ("Publish",)


def test_workflows_of_other_projects_and_archived_ones_are_not_offered(site: Site) -> None:
    """Rule 6.1."""
    Workflow.objects.filter(name="Typed").update(archived_at=timezone.now())

    form = form_in(site.client("editor").get(_address(site), headers=HTMX))

    assert form.choices["allowed_workflows"] == ["Deep 2", "Deep 3", "Publish", "Review"]


def test_without_a_script_the_drawer_stands_on_the_page_and_saving_leads_back(site: Site) -> None:
    client = site.client("editor")
    page = client.get(_address(site))
    form = form_in(page, _address(site))
    assert "<h1>Review</h1>" in page.content.decode()

    saved = client.post(_address(site), form.with_changes({"directive": "Plain."}))

    assert saved.status_code == 302
    assert saved.headers["Location"] == f"/w/{site.workflow('Review').pk}/outline"
    assert "Saved Ada" in text_of(client.get(saved.headers["Location"]))
    assert site.assigned().directive == "Plain."
