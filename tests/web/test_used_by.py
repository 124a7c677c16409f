"""Used by: whom a workflow's new name follows to, and whom its deletion touches."""

from __future__ import annotations

from django.contrib.auth.models import User

from builder.models import Workflow
from builder.operations.agents import patch_agent
from builder.operations.workflows import delete_workflow, patch_workflow
from projects.access import Caller
from tests.web.canvas_page import Page, same
from tests.web.conftest import HTMX, Site, text_of


def _editor() -> Caller:
    return Caller(User.objects.get(username="editor"))


def test_the_settings_say_what_names_the_workflow(site: Site) -> None:
    """Issue 3, item 5: renaming and deleting say whom they touch, each with its place."""
    address = f"/drawers/workflows/{site.workflow('Publish').pk}"
    page = site.client("editor").get(address, headers=HTMX)

    assert "Review: Look outcome approve" in text_of(page)
    assert "Review: Look Ada may trigger it" in text_of(page)
    assert "Deep 3: Go outcome on" in text_of(page)
    assert "It is named by Deep 3, Review" in page.content.decode()
    stage = site.stage()
    assert f"/w/{stage.workflow_id}?drawer=target%3A{stage.pk}%3Aapprove" in page.content.decode()
    unnamed = site.client("editor").get(f"/drawers/workflows/{site.workflow('Typed').pk}", headers=HTMX)
    assert "No other workflow names it." in text_of(unnamed)


def test_a_workflow_is_deleted_from_its_settings_and_what_named_it_is_turned(site: Site) -> None:
    """Interfaces 4: deleting a target turns its routes to the next stage in the same command."""
    target = site.workflow("Publish")
    address = f"/drawers/workflows/{target.pk}/delete"

    assert site.client("viewer").post(address).status_code == 403
    assert site.client("stranger").post(address).status_code == 404
    assert site.client("editor").get(address).status_code == 405
    answer = site.client("editor").post(address, headers=HTMX)

    assert answer.headers["HX-Redirect"] == "/p/website"
    assert not Workflow.objects.filter(pk=target.pk).exists()
    assert "approve" not in site.spec().routes
    assert site.assigned().capabilities == ()
    assert "Deleted Publish." in text_of(site.client("editor").get("/p/website"))
    assert site.client("editor").post(address).status_code == 404


def test_a_workflow_is_archived_and_brought_back(site: Site) -> None:
    """Interfaces 4: an archived workflow keeps everything and is not started."""
    workflow = site.workflow("Publish")
    address = f"/drawers/workflows/{workflow.pk}"

    plain = site.client("editor").post(f"{address}/archive", {"archived": "yes"})
    assert plain.headers["Location"] == f"/w/{workflow.pk}"
    assert site.workflow("Publish").archived_at is not None
    assert "Bring back" in text_of(site.client("editor").get(address, headers=HTMX))
    site.client("editor").post(f"{address}/archive", {"archived": "no"}, headers=HTMX)
    assert site.workflow("Publish").archived_at is None
    assert site.client("viewer").post(f"{address}/archive").status_code == 403


def test_a_new_name_reaches_every_open_page_that_shows_it(site: Site) -> None:
    """Issue 3, items 4 and 5: cards, edges, palette and history of those that name it, and its own page's title."""
    target, agent = site.workflow("Publish"), site.assignment().agent
    naming, own = Page(site.client("owner"), site.workflow("Review")), Page(site.client("owner"), target)
    revision = naming.workflow.revision

    patch_workflow(_editor(), target, {"name": "Put <b>online</b>"})
    told, mine = naming.catch_up(), own.catch_up()
    same(naming)
    assert [each["says"] for each in naming.graph["targets"]] == [
        "Workflow target: Put <b>online</b>, continue at End the workflow"
    ]
    assert any("leads to the workflow Put <b>online</b>" in each.get("says", "") for each in naming.graph["edges"])
    for answer in (told, mine):
        assert 'data-name="Put &lt;b&gt;online&lt;/b&gt;"' in answer
        assert 'data-name="Publish"' not in answer
    assert '<hx-partial hx-target="#shown-name" hx-swap="textContent">Put &lt;b&gt;online' in mine
    assert "#shown-name" not in told
    assert "The workflow Publish is called Put" in text_of(
        site.client("viewer").get(f"/w/{naming.workflow.pk}/history")
    )

    patch_agent(_editor(), agent, {"name": "Grace"})
    told = naming.catch_up()
    same(naming)
    assert "Assignment 1: Grace" in told
    assert 'data-name="Grace"' in told
    naming.workflow.refresh_from_db()
    assert naming.workflow.revision == revision + 2


def test_undo_passes_over_what_was_done_to_a_workflow_from_elsewhere(site: Site) -> None:
    """Ui.md, 4.4: Ctrl+Z takes back what I did here; a target that I deleted or renamed elsewhere is not in its way."""
    page = Page(site.client("editor"), site.workflow("Review"))
    page.send(
        {"do": "update_stage", "stage": site.stage().pk, "version": site.stage().version, "changes": {"task": "A"}}
    )
    patch_workflow(_editor(), site.workflow("Publish"), {"name": "Go live"})
    delete_workflow(_editor(), site.workflow("Go live"))

    assert "Undid" in page.send({"do": "undo"})
    assert site.stage().task != "A"
    assert "Did again" in page.send({"do": "redo"})
    assert site.stage().task == "A"


def test_a_target_that_is_gone_keeps_what_was_typed_for_it(site: Site) -> None:
    """Issue 3, bad input: a deleted target is told at the field, the work is kept, and another one is chosen there."""
    stage, editor = site.stage(), site.client("editor")
    address = f"/drawers/stages/{stage.pk}/target?label=approve"
    form = {"version": stage.version, "mark-outcome": "old", "row-0-input": "my work", "row-0-continue_at": "end"}
    delete_workflow(_editor(), site.workflow("Publish"))

    told = editor.post(address, form, headers=HTMX)
    assert told.status_code == 422
    assert "choose the workflow that it leads to now" in text_of(told).lower()
    assert "my work" in told.content.decode()
    assert 'data-drawer="outcome:' in told.content.decode()
    assert "approve" not in site.spec().routes
    assert 'data-drawer="outcome:' in editor.get(address, headers=HTMX).content.decode()
