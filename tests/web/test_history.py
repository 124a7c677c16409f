"""The history page: who changed what and when, in words and as a readable diff, and the way back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent
from builder.models import Edit, Workflow
from builder.operations.editing import command_of, edit
from builder.reading import read_workflow
from projects.access import Caller
from runs.operations import Start, start_run
from tests.web.conftest import HTMX, Site, text_of

Json = Any


def done(site: Site, who: str = "editor", **command: Json) -> Edit:
    """An edit of the workflow Review by a member."""
    workflow = site.workflow("Review")
    made = edit(Caller(User.objects.get(username=who)), workflow.pk, command_of(command)).edit
    assert made is not None
    return made


def page(site: Site, path: str = "", who: str = "viewer", **more: Json) -> Json:
    """A page of the history of Review."""
    return site.client(who).get(f"/w/{site.workflow('Review').pk}/history{path}", **more)


def rows(response: Json) -> list[str]:
    """The rows of the history, as their readers see them."""
    found = re.findall(r'<li id="edit-\d+".*?</li>\n', response.content.decode(), re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in found]


def renamed(site: Site, name: str, who: str = "editor") -> Edit:
    """The stage Look under another name."""
    stage = site.workflow("Review").stages.order_by("position")[1]
    return done(site, who, do="update_stage", stage=stage.pk, version=stage.version, changes={"name": name})


def test_edits_stand_newest_first_with_who_when_and_what(site: Site) -> None:
    """Issue 3, Safety: the history of revisions, with who and when."""
    User.objects.filter(username="editor").update(first_name="Eda", last_name="Itor")
    first, second = renamed(site, "Inspect"), done(site, "owner", do="add_stage", name="Publish it")

    shown = rows(page(site))

    assert second.summary in shown[0] and "owner" in shown[0] and f"revision {second.revision}" in shown[0]
    assert first.summary in shown[1] and "Eda Itor" in shown[1] and f"revision {first.revision}" in shown[1]
    assert "Current" in shown[0] and "Current" not in shown[1]
    assert "datetime=" in page(site).content.decode()


def test_what_was_undone_is_marked(site: Site) -> None:
    """Issue 3, Safety: undone or not."""
    renamed(site, "Inspect")
    done(site, do="undo")

    shown = rows(page(site))

    assert "Undid:" in shown[0]
    assert "Undone" not in shown[0]
    assert "Undone" in shown[1]


def test_moved_cards_make_no_revision_and_cannot_be_restored(site: Site) -> None:
    """ui.md 4.4: positions do not bump the revision; they are edits all the same."""
    renamed(site, "Inspect")
    stage = site.stage("Draft")
    moved = done(site, do="place", places={f"stage:{stage.pk}": [40, 80]})

    newest = rows(page(site, who="editor"))[0]

    assert moved.summary in newest
    assert "revision" not in newest and "Restore" not in newest
    assert "40, 80" in text_of(page(site, f"/{moved.number}"))


def test_an_edit_shows_its_fields_by_the_labels_of_their_forms(site: Site) -> None:
    """Issue 3, Safety: a readable diff: words that came and went, not JSON."""
    stage = site.stage("Look")
    changes = {"task": "Check every number twice.", "max_visits": 9, "mode": "sequence"}
    made = done(site, do="update_stage", stage=stage.pk, version=stage.version, changes=changes)

    answer = page(site, f"/{made.number}")

    told = text_of(answer)
    assert "Changed Stage: Look" in told
    assert "Loop guard (max visits) was: 5 → now: 9" in told
    assert "Mode was: All at the same time → now: One after another" in told
    assert "Check every removed: claim. added: number twice." in told
    assert "<del>" in answer.content.decode()


def test_with_htmx_only_the_changes_come(site: Site) -> None:
    """They unfold under their row."""
    made = renamed(site, "Inspect")

    answer = page(site, f"/{made.number}", headers=HTMX)

    assert "<html" not in answer.content.decode()
    assert "Renamed Stage: Inspect" in text_of(answer)
    assert "Name removed: Look added: Inspect" in text_of(answer)


def test_markup_in_a_text_stays_text(site: Site) -> None:
    """Bad input: names and texts of people are shown, never carried out."""
    stage = site.stage("Draft")
    evil = "<script>alert(1)</script> <img src=x onerror=alert(2)>"
    made = done(site, do="update_stage", stage=stage.pk, version=stage.version, changes={"name": evil, "task": evil})

    for path in (f"/{made.number}", "", f"/compare?from={made.revision - 1}&to={made.revision}"):
        text = page(site, path).content.decode()
        assert "<script>alert" not in text
        assert "<img src" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_two_revisions_are_compared_over_what_was_renamed_between(site: Site) -> None:
    """Issue 3, Safety: a diff between two revisions: stages added, removed, moved; a rename is one."""
    before = site.workflow("Review").revision
    renamed(site, "Inspect")
    done(site, do="add_stage", name="Last word")
    done(site, do="delete", stages=[site.stage("Archive").pk])
    done(site, do="move_stage", stage=site.stage("Draft").pk, to=2)
    after = site.workflow("Review").revision

    there = text_of(page(site, f"/compare?from={before}&to={after}"))
    back = text_of(page(site, f"/compare?from={after}&to={before}"))

    assert f"From revision {before} to {after}" in there
    assert "Stage: Inspect Name removed: Look added: Inspect" in there
    assert "removed: Archive" in there
    assert "added: Last word, as stage" in there
    assert "moved from" in there
    assert "Added Stage: Last word" in there
    assert "Removed Stage: Archive" in there
    assert "reject goes to was: Archive → now: Next stage" in there
    assert there == back


@pytest.mark.parametrize("query", ["", "from=0&to=1", "from=x&to=y", "from=1&to=999999", "from=1&to=" + "9" * 50])
def test_a_revision_that_is_not_there_is_told_at_the_form(site: Site, query: str) -> None:
    """Every bad input answers with an inline message."""
    answer = page(site, f"/compare?{query}")

    assert answer.status_code == 422
    assert "has no revision" in text_of(answer)
    assert 'aria-invalid="true"' in answer.content.decode()
    assert rows(answer)


def test_a_revision_is_restored_as_a_new_one(site: Site) -> None:
    """Issue 3, Safety: restore; nothing that came between is lost."""
    workflow = site.workflow("Review")
    before, spec = workflow.revision, read_workflow(workflow.pk)
    done(site, do="delete", stages=[site.stage("Archive").pk])
    shown = page(site, who="editor").content.decode()
    assert f'aria-label="Restore revision {before} as a new revision"' in shown
    form = {"do": "restore", "revision": before}

    answer = site.client("editor").post(f"/w/{workflow.pk}/commands", form)

    assert answer.status_code == 303
    assert read_workflow(workflow.pk) == spec
    assert site.workflow("Review").revision == before + 2
    assert f"Restored revision {before}" in rows(page(site))[0]


def test_each_run_stands_at_the_revision_that_it_used(site: Site) -> None:
    """ui.md 4.4: a run goes on with the revision that it started with: "Run #412 uses revision 16"."""
    first = site.workflow("Review").revision
    renamed(site, "Inspect")
    second = renamed(site, "Examine")
    run, _ = start_run(site.workflow("Review"), "Go.", Start("manual", None))
    stage = site.stage("Draft")
    done(site, do="place", places={f"stage:{stage.pk}": [4, 8]})
    later, _ = start_run(site.workflow("Review"), "Go.", Start("manual", None))

    shown = rows(page(site))

    assert f"Run #{later.number} , Run #{run.number} use revision {second.revision}" in shown[1]
    assert "Run #" not in shown[2]
    assert f"Run #1 uses revision {first}" in shown[3]


def test_a_version_of_a_run_leads_to_the_revision_it_was_frozen_from(site: Site) -> None:
    """ui.md 4.4 and rule 1.2: two numbers for what a run executes, each of which says where the other is."""
    renamed(site, "Inspect")
    second = renamed(site, "Examine")
    Agent.objects.filter(name="Ada").update(role="Reader")  # its edit leaves the workflow without a version
    Workflow.objects.filter(name="Review").update(current_version=None)
    run, _ = start_run(site.workflow("Review"), "Go.", Start("manual", None))
    stage = site.stage("Draft")
    done(site, do="place", places={f"stage:{stage.pk}": [4, 8]})
    assert run.version.number == 4

    for number, edit_ in ((4, second), (3, second), (1, Edit.objects.get(workflow=run.workflow, number=1))):
        answer = page(site, f"?version={number}")
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/w/{run.workflow_id}/history#edit-{edit_.number}"
    shown = rows(page(site))
    assert f"revision {second.revision} · in runs: version 3, 4 Current" in shown[1]
    assert "version" not in shown[0]
    there = site.client("viewer").get(f"/r/{run.pk}").content.decode()
    assert re.search(rf'<a class="fact" href="/w/{run.workflow_id}/history\?version=4"[^>]*>Version 4</a>', there)
    for wrong in ("99", "x", ""):
        assert page(site, f"?version={wrong}").headers["Location"] == f"/w/{run.workflow_id}/history"


def test_a_version_far_back_leads_to_its_page_of_the_history(site: Site) -> None:
    """Newest first, fifty a page."""
    for number in range(52):
        renamed(site, f"Look {number}")

    answer = page(site, "?version=1")

    assert answer.headers["Location"].endswith("/history?before=2#edit-1")
    assert 'id="edit-1"' in site.client("viewer").get(answer.headers["Location"]).content.decode()


def test_a_long_history_is_paged(site: Site) -> None:
    """Newest first, fifty a page, and every edit is on one."""
    for number in range(55):
        renamed(site, f"Look {number}")
    total = Edit.objects.filter(workflow=site.workflow("Review")).count()

    first = page(site)
    older = re.search(r'href="([^"]*\?before=\d+)"', first.content.decode())
    assert older is not None
    second = site.client("viewer").get(older[1])

    assert len(rows(first)) == 50
    assert len(rows(first)) + len(rows(second)) == total
    assert "Newest" in text_of(second) and "Older" not in text_of(second)


@pytest.mark.parametrize("path", ["", "/1", "/compare?from=1&to=1"])
def test_strangers_find_nothing_and_viewers_restore_nothing(site: Site, path: str) -> None:
    """Rule 12.4; a viewer reads, an editor edits."""
    renamed(site, "Inspect")

    assert page(site, path, who="stranger").status_code == 404
    assert page(site, path, who="nobody").status_code in (302, 404)
    assert page(site, path).status_code == 200
    assert "Restore" not in text_of(page(site, path))
    refused = site.client("viewer").post(f"/w/{site.workflow('Review').pk}/commands", {"do": "restore", "revision": 1})
    assert refused.status_code == 403


def test_an_edit_that_is_not_there_is_not_found(site: Site) -> None:
    """Neither one that was never made, nor one of another workflow."""
    assert page(site, "/99999").status_code == 404


def test_the_tabs_lead_to_the_history_and_back(site: Site) -> None:
    """Tabs of a workflow: Visual, Stages, Runs, History."""
    client: Client = site.client("viewer")
    workflow = site.workflow("Review").pk
    for path in (f"/w/{workflow}/outline", f"/w/{workflow}/runs", f"/w/{workflow}/history"):
        text = client.get(path).content.decode()
        assert f'href="/w/{workflow}/history"' in text
        assert f'href="/w/{workflow}/outline"' in text
