"""The address of edits: JSON and forms, what they answer, and what undo gives back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from builder.models import Edit, Stage, Workflow
from builder.reading import read_workflow
from tests.web.canvas_page import Page
from tests.web.conftest import HTMX, Site

Json = Any


def send(client: Client, workflow: Workflow, body: Json, **headers: str) -> Any:
    return client.post(f"/w/{workflow.pk}/commands", json.dumps(body), "application/json", headers=headers)


@pytest.fixture
def review(site: Site) -> Workflow:
    return Workflow.objects.get(project=site.project, name="Review")


def names(workflow: Workflow) -> list[str]:
    return [stage.name for stage in read_workflow(workflow.pk).stages]


def test_a_command_is_stored_and_answers_what_changed(site: Site, review: Workflow) -> None:
    """ui.md 4.4: one POST a change."""
    answer = send(site.clients["editor"], review, {"do": "add_stage", "name": "Check", "after": 0, "since": 1})
    assert answer.status_code == 200
    made = Stage.objects.get(workflow=review, name="Check")
    assert names(review) == ["Check", "Draft", "Look", "Archive"]
    assert f'id="stage-{made.pk}"' in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"]) == {"builder:made": {"stage": made.pk}}


def test_undo_and_redo_are_kept_by_the_server(site: Site, review: Workflow) -> None:
    """ui.md check 7: undone after a reload too."""
    client = site.clients["editor"]
    look = Stage.objects.get(workflow=review, name="Look")
    before = read_workflow(review.pk)
    assert send(client, review, {"do": "delete", "stages": [look.pk]}).status_code == 200
    assert names(review) == ["Draft", "Archive"]
    assert "Undid: Deleted Look" in send(client, review, {"do": "undo"}).content.decode()
    assert read_workflow(review.pk) == before
    assert send(client, review, {"do": "redo"}).status_code == 200
    assert names(review) == ["Draft", "Archive"]
    refused = send(client, review, {"do": "redo"})
    assert refused.status_code == 409 and "nothing of yours to redo" in refused.json()["error"]["message"]


def test_undo_is_refused_with_the_name_of_who_built_on_it(site: Site, review: Workflow) -> None:
    """ui.md 4.4: refused with an explanation if another person has changed that object since."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    change = {"do": "update_stage", "stage": draft.pk, "version": draft.version, "changes": {"task": "Mine."}}
    assert send(site.clients["editor"], review, change).status_code == 200
    change |= {"version": draft.version + 1, "changes": {"task": "Theirs."}}
    assert send(site.clients["owner"], review, change).status_code == 200
    refused = send(site.clients["editor"], review, {"do": "undo"})
    assert refused.status_code == 409
    assert "owner changed stage Draft since" in refused.json()["error"]["message"]
    assert read_workflow(review.pk).stages[0].task == "Theirs."


def test_a_stale_version_is_a_conflict_that_names_who_and_keeps_the_work(site: Site, review: Workflow) -> None:
    """ui.md check 11."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    change = {"do": "update_stage", "stage": draft.pk, "version": draft.version, "changes": {"task": "One."}}
    assert send(site.clients["owner"], review, change).status_code == 200
    refused = send(site.clients["editor"], review, {**change, "changes": {"task": "Two."}})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == [{"path": "task", "message": "One."}]


def test_a_renamed_stage_keeps_its_row_and_what_leads_to_it(site: Site, review: Workflow) -> None:
    """Issue 3: renaming."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    change = {"do": "update_stage", "stage": draft.pk, "version": draft.version, "changes": {"name": "Write"}}
    assert send(site.clients["editor"], review, change).status_code == 200
    spec = read_workflow(review.pk)
    assert Stage.objects.get(pk=draft.pk).name == "Write"
    assert spec.stages[1].routes["revise"].model_dump() == {"stage": "Write"}
    assert send(site.clients["editor"], review, {"do": "undo"}).status_code == 200
    assert Stage.objects.get(pk=draft.pk).name == "Draft"
    assert read_workflow(review.pk).stages[1].routes["revise"].model_dump() == {"stage": "Draft"}


def test_the_last_stage_stays(site: Site, review: Workflow) -> None:
    """Interfaces 2: the last cannot be deleted."""
    ids = list(Stage.objects.filter(workflow=review).values_list("pk", flat=True))
    refused = send(site.clients["editor"], review, {"do": "delete", "stages": ids})
    assert refused.status_code == 409 and "at least one stage" in refused.json()["error"]["message"]


def test_two_who_delete_the_same_stage(site: Site, review: Workflow) -> None:
    """Issue 3, bad input: one wins, the other is told, the graph is intact."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    body = {"do": "delete", "stages": [draft.pk]}
    assert send(site.clients["editor"], review, body).status_code == 200
    refused = send(site.clients["owner"], review, body)
    assert refused.status_code == 409 and "There is no such stage" in refused.json()["error"]["message"]
    assert names(review) == ["Look", "Archive"]
    assert read_workflow(review.pk).stages[0].routes.get("revise") is None


def test_cards_have_places_that_are_no_revision_and_can_be_undone(site: Site, review: Workflow) -> None:
    """ui.md check 13, 14: positions never conflict, and undo restores every one."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    client = site.clients["editor"]
    revision = Workflow.objects.get(pk=review.pk).revision
    drawn = {each["id"]: (each["x"], each["y"]) for each in Page(client, review).graph["stages"]}
    assert send(client, review, {"do": "place", "places": {f"stage:{draft.pk}": [8, 12]}}).status_code == 200
    assert send(client, review, {"do": "tidy"}).status_code == 200
    assert draft.places.get().x != 8
    assert send(client, review, {"do": "undo"}).status_code == 200
    assert (draft.places.get().x, draft.places.get().y) == (8, 12)
    assert send(client, review, {"do": "undo"}).status_code == 200
    assert {each["id"]: (each["x"], each["y"]) for each in Page(client, review).graph["stages"]} == drawn
    assert Workflow.objects.get(pk=review.pk).revision == revision


def test_stages_are_copied_and_pasted_with_free_names(site: Site, review: Workflow) -> None:
    """ui.md 4.1: the clipboard is JSON text."""
    client = site.clients["editor"]
    ids = ",".join(
        str(pk) for pk in Stage.objects.filter(workflow=review, name__in=["Draft", "Look"]).values_list("pk", flat=True)
    )
    text = client.get(f"/w/{review.pk}/copy?stages={ids}").content.decode()
    assert send(client, review, {"do": "paste", "text": text}).status_code == 200
    spec = read_workflow(review.pk)
    assert [stage.name for stage in spec.stages] == ["Draft", "Look", "Archive", "Draft 2", "Look 2"]
    assert spec.stages[4].routes["revise"].model_dump() == {"stage": "Draft 2"}
    assert spec.stages[4].routes["reject"].model_dump() == {"stage": "Archive"}


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{}", '{"baton": "stages/1"}', '{"baton": "stages/1", "stages": [1]}', '{"baton": 1e999}', "[" * 99],
)
def test_a_paste_that_is_not_ours_is_told_and_changes_nothing(site: Site, review: Workflow, text: str) -> None:
    """Issue 3, bad input."""
    refused = send(site.clients["editor"], review, {"do": "paste", "text": text})
    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["path"] == "text"
    assert names(review) == ["Draft", "Look", "Archive"]


def test_a_plain_form_leads_back_to_its_page_with_a_message(site: Site, review: Workflow) -> None:
    """Issue 3: by forms alone."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    client = site.clients["editor"]
    form = {"do": "move_stage", "stage": draft.pk, "to": "2", "view": "outline"}
    answer = client.post(f"/w/{review.pk}/commands", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/w/{review.pk}/outline")
    assert names(review) == ["Look", "Archive", "Draft"]
    assert "Moved stage Draft" in client.get(answer.headers["Location"]).content.decode()


def test_a_form_of_htmx_that_is_refused_brings_the_page_up_to_date_and_says_why(site: Site, review: Workflow) -> None:
    """ui.md 4.4: never silent."""
    answer = site.clients["editor"].post(
        f"/w/{review.pk}/commands", {"do": "delete", "stages": "999999", "since": "0"}, headers=HTMX
    )
    assert answer.status_code == 409
    assert "There is no such stage" in answer.content.decode() and 'id="toasts"' not in answer.content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("stranger", 404), ("nobody", 302)])
def test_only_editors_edit(site: Site, review: Workflow, role: str, status: int) -> None:
    """Interfaces 5: roles."""
    answer = send(site.clients[role], review, {"do": "undo"})
    assert answer.status_code == status
    assert not Edit.objects.filter(workflow=review, kind="undo").exists()


@pytest.mark.parametrize("body", [{}, {"do": "dance"}, {"do": "move_stage"}, {"do": "undo", "more": 1}, [], 7])
def test_what_is_no_command_is_told(site: Site, review: Workflow, body: Json) -> None:
    """Issue 3, bad input."""
    assert send(site.clients["editor"], review, body).status_code == 422


def test_syncing_brings_what_others_did_and_no_more(site: Site, review: Workflow) -> None:
    """ui.md check 12."""
    draft = Stage.objects.get(workflow=review, name="Draft")
    before = Edit.objects.filter(workflow=review).count()
    change = {"do": "update_stage", "stage": draft.pk, "version": draft.version, "changes": {"task": "Anew."}}
    send(site.clients["editor"], review, change)
    page = site.clients["viewer"].get(f"/w/{review.pk}/sync?view=outline&since={before}").content.decode()
    assert f'hx-target="#stage-{draft.pk}"' in page and "Anew." in page
    assert page.count('class="stage card"') == 1
    assert f'data-seq="{before + 1}"' in page
