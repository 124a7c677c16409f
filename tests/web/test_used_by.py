"""Used by: whom a workflow's new name follows to, and whom its deletion touches."""

from __future__ import annotations

from builder.models import Workflow
from tests.web.conftest import HTMX, Site, text_of


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
