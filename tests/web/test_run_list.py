"""The run list: a tree, its filters in the address, saved views, what a live list hears, and many cancelled at once."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from runs.models import SavedView, WorkflowRun
from runs.pages import listing
from runs.store import NewRun, insert_runs
from tests.web.conftest import Site, text_of


def add(site: Site, status: str = "completed", parent: WorkflowRun | None = None, **more: object) -> WorkflowRun:
    """A run that is over (or queued), without the work of one."""
    workflow = site.workflow("Publish")
    version = site.run.version
    new = NewRun(site.project.pk, workflow.pk, workflow.name, version.pk, version.number, "Nothing.", "api", id=uuid4())
    run = insert_runs([new], timezone.now())[0]
    over = None if status == "queued" else timezone.now()
    changed = {
        "status": status,
        "finished_at": over,
        "started_at": over,
        "parent": parent,
        "depth": parent.depth + 1 if parent else 0,
        **more,
    }
    WorkflowRun.objects.filter(pk=run.pk).update(**changed)
    return WorkflowRun.objects.get(pk=run.pk)


def numbers(site: Site, query: str = "", who: str = "viewer") -> list[int]:
    """The numbers of the rows, in their order."""
    page = site.client(who).get(f"/p/{site.project.slug}/runs{query}").content.decode()
    rows = page.partition('id="run-rows"')[2].partition("</tbody>")[0]
    return [int(found) for found in re.findall(r'<th scope="row"><a href="[^"]*">[^#]*#(\d+)</span>', rows)]


def test_children_are_folded_below_their_root_until_they_are_unfolded(site: Site) -> None:
    """Issue 4, item 6: by tree; what is unfolded stands in the address, so that it needs no script."""
    child = add(site, "failed", site.run)
    grandchild = add(site, parent=child)

    assert numbers(site) == [1]
    assert "1 child run of Review #1" in text_of(site.client("viewer").get(f"/p/{site.project.slug}/runs"))
    assert numbers(site, "?open=1") == [1, child.number]
    assert numbers(site, f"?open=1.{child.number}") == [1, child.number, grandchild.number]
    assert numbers(site, "?view=flat") == [grandchild.number, child.number, 1]


def test_each_filter_finds_children_too(site: Site) -> None:
    """Issue 4, item 6: filters by status, workflow, origin, time, text."""
    child = add(site, "failed", site.run, result={"kind": "narrative", "value": "Größe of https://shop.example/a"})
    old = add(site, created_at=timezone.now() - timedelta(days=9))

    assert numbers(site, "?status=failed") == [child.number]
    assert numbers(site, "?workflow=Publish") == [old.number, child.number]
    assert numbers(site, "?origin=manual") == [1]
    assert numbers(site, "?time=week") == [1]
    assert numbers(site, f"?view=flat&last={old.created_at.date()}") == [old.number]
    for text in ("größ", "example shop", f"#{child.number}"):
        assert numbers(site, f"?text={text.replace('#', '%23')}") == [child.number]
    assert numbers(site, "?text=narrative") == []
    assert numbers(site, "?kind=dry") == []


def test_words_are_found_among_the_newest_runs_and_among_all(site: Site) -> None:
    """Issue 4, speed: the look among the newest runs, which spares common words, changes nothing of what is found."""
    version, now = site.run.version, timezone.now()
    top = 12_000
    said = {
        top - place: f"common\nline{place}" + (" middle" if place % 2_500 == 0 else "") for place in range(0, top, 50)
    }
    WorkflowRun.objects.bulk_create(
        WorkflowRun(
            project=site.project, number=number, workflow=site.workflow("Publish"), workflow_name="Publish",
            version=version, origin="api", status="failed" if number == 3_000 else "completed", finished_at=now,
            input={"brief": text, "path": "C:\\new"}, created_at=now,
        )
        for number, text in said.items()
    )  # fmt: skip
    newest = sorted(said, reverse=True)

    assert numbers(site, "?text=common") == newest[:50]
    assert numbers(site, f"?text=common&before={newest[49]}") == newest[50:100]
    assert numbers(site, "?text=common&before=1000") == [number for number in newest if number < 1000]
    assert numbers(site, "?text=common&status=failed") == [3_000]
    assert numbers(site, "?text=common+middle") == [top, top - 2_500, top - 5_000, top - 7_500, top - 10_000]
    assert numbers(site, "?text=line11950") == [50]
    assert len(numbers(site, "?text=new")) == 50
    sync = f"/p/{site.project.slug}/runs/sync?text=common&since=0&shown=&top="
    assert "2 new runs" in text_of(site.client("viewer").get(f"{sync}{newest[2]}"))
    assert "99+ new runs" in text_of(site.client("viewer").get(f"{sync}1"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("first=yesterday", "Write a day as"),
        ("first=2026-02-02&last=2026-02-01", "before the first"),
        ("text=%25%25", "at least one letter"),
    ],
)
def test_what_cannot_be_looked_for_is_said_at_its_field(site: Site, query: str, words: str) -> None:
    """Contract of forms: 422, the message at the field, what was written kept."""
    answer = site.client("viewer").get(f"/p/{site.project.slug}/runs?{query}")

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'aria-invalid="true"' in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    ["?text=%22%00'&status=x&time=y&kind=z", "?before=x&open=..a", f"?text={'word ' * 60}", "?before=99999999999"],
)
def test_no_address_breaks_the_list(site: Site, query: str) -> None:
    """Bad input: what cannot be read narrows nothing."""
    assert site.client("viewer").get(f"/p/{site.project.slug}/runs{query}").status_code in (200, 422)


def test_pages_go_on_below_the_last_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keyset paging: a run that starts meanwhile moves nothing."""
    added = [add(site).number for _ in range(3)]
    monkeypatch.setattr(listing, "_PAGE", 2)
    page = site.client("viewer").get(f"/p/{site.project.slug}/runs?kind=earnest").content.decode()

    older = re.search(r'class="button older" href="([^"]*)"', page)
    assert older and older[1].endswith(f"kind=earnest&amp;before={added[1]}")
    assert numbers(site, f"?before={added[1]}") == [added[0], 1]


def test_a_live_list_hears_states_and_counts_what_is_new(site: Site) -> None:
    """Ui.md, section 6: no row is added, taken away or moved; a row that fits no more stays, in its new state."""
    client, waiting = site.client("viewer"), add(site, "queued")
    page = client.get(f"/p/{site.project.slug}/runs?status=queued").content.decode()
    found = re.search(r'data-sync="([^"]*)"', page)
    assert found
    WorkflowRun.objects.filter(pk=waiting.pk).update(status="failed", finished_at=timezone.now())
    add(site, "queued")
    add(site)

    answer = client.get(found[1].replace("&amp;", "&") + "&since=0")  # as live.js asks

    assert f'hx-target="#state-{waiting.pk}"' in answer.content.decode()
    assert "Failed" in text_of(answer)
    assert "1 new run" in text_of(answer)
    assert 'hx-target="#run-rows"' not in answer.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_runs(site: Site, django_assert_max_num_queries: object) -> None:
    """Speed: a page of runs is read at once."""
    for _ in range(12):
        add(site, parent=add(site))
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        assert len(numbers(site, "?open=2.4.6.8")) == 17


def test_many_are_cancelled_after_a_list_of_what_stops(site: Site) -> None:
    """Issue 4, item 6: bulk cancel; those that are over are left alone; asked for without a script."""
    queued, over = add(site, "queued"), add(site)
    address, client = f"/p/{site.project.slug}/runs/cancel", site.client("operator")
    chosen = {"run": [str(site.run.pk), str(queued.pk), str(over.pk), "nonsense"], "back": "status=queued"}

    asked = client.post(address, chosen)
    assert "Cancel 2 runs?" in text_of(asked)
    assert "1 of the chosen runs is over already" in text_of(asked)
    assert WorkflowRun.objects.get(pk=queued.pk).status == "queued"

    done = client.post(address, {**chosen, "sure": "1"})
    assert done.headers["Location"] == f"/p/{site.project.slug}/runs?status=queued"
    assert {run.status for run in WorkflowRun.objects.exclude(pk=over.pk)} == {"cancelled"}
    assert WorkflowRun.objects.get(pk=over.pk).status == "completed"


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_only_operators_cancel(site: Site, who: str, status: int) -> None:
    """Rule 1.3: a viewer reads; to strangers the project does not exist."""
    answer = site.client(who).post(f"/p/{site.project.slug}/runs/cancel", {"run": str(site.run.pk), "sure": "1"})

    assert answer.status_code == status
    assert WorkflowRun.objects.get(pk=site.run.pk).status == "waiting"
    assert site.client("stranger").get(f"/p/{site.project.slug}/runs/sync").status_code == 404


def test_runs_of_another_project_are_not_cancelled(site: Site) -> None:
    """Access: ids of runs elsewhere are no ids of this project's."""
    WorkflowRun.objects.filter(pk=site.run.pk).update(project_id=_other_project(site))
    answer = site.client("operator").post(f"/p/{site.project.slug}/runs/cancel", {"run": str(site.run.pk), "sure": "1"})

    assert answer.status_code == 302
    assert WorkflowRun.objects.get(pk=site.run.pk).status == "waiting"


def _other_project(site: Site) -> int:
    other = type(site.project).objects.create(name="Other", slug="other")
    return int(other.pk)


def test_a_view_is_saved_opened_and_deleted(site: Site) -> None:
    """Issue 4, item 6: saved views, per person and project."""
    client, base = site.client("viewer"), f"/p/{site.project.slug}/runs"
    form = {"name": "Broken", "query": "status=failed&time=week&next=https%3A%2F%2Fevil"}

    saved = client.post(f"{base}/views", form)
    assert saved.headers["Location"] == f"{base}?status=failed&time=week"
    again = client.post(f"{base}/views", form)
    assert again.status_code == 422
    assert "choose another" in text_of(again)
    assert client.post(f"{base}/views", {**form, "name": " "}).status_code == 422
    assert "Broken" in text_of(client.get(base))
    assert "Broken" not in text_of(site.client("owner").get(base))

    view = SavedView.objects.get()
    site.client("owner").post(f"{base}/views/{view.pk}/delete")
    assert SavedView.objects.exists()
    client.post(f"{base}/views/{view.pk}/delete")
    assert not SavedView.objects.exists()
