"""Many failed runs retried at once from the run list: asked first, each by itself, and those that cannot be named."""

from __future__ import annotations

import re

import pytest

from builder.publish import current_version
from runs import bulk
from runs.models import StageRun, WorkflowRun
from tests.web.conftest import Site, text_of
from tests.web.forms import form_in
from tests.web.test_run_list import add


def failed(site: Site, stage: str = "Out", parent: WorkflowRun | None = None) -> WorkflowRun:
    """A failed run of Publish that ended at a stage."""
    run = add(site, "failed", parent)
    StageRun.objects.create(
        id=run.pk, run=run, entry=1, position=0, name=stage, visit=1, status="failed",
        started_at=run.created_at, finished_at=run.created_at,
    )  # fmt: skip
    WorkflowRun.objects.filter(pk=run.pk).update(version=current_version(site.workflow("Publish")))
    return WorkflowRun.objects.get(pk=run.pk)


def retries(site: Site) -> list[WorkflowRun]:
    """What was started, the oldest first."""
    return list(WorkflowRun.objects.filter(project=site.project, origin="retry").order_by("number"))


@pytest.fixture
def address(site: Site) -> str:
    """Where the form of the list goes."""
    return f"/p/{site.project.slug}/runs/retry"


def test_chosen_failed_runs_are_retried_once_after_a_question(site: Site, address: str) -> None:
    """Issue 4, item 6, and rule 10.2: from the stage that failed; the same page sent twice starts nothing twice."""
    one, two = failed(site), failed(site)
    client, chosen = site.client("operator"), {"run": [str(one.pk), str(two.pk)], "back": "status=failed"}

    asked = client.post(address, chosen)
    form = form_in(asked, address)
    assert "Retry 2 runs?" in text_of(asked)
    assert "from Out" in text_of(asked)
    assert retries(site) == []

    sent = {**form.with_changes({}), "run": chosen["run"]}
    first, second = client.post(address, sent), client.post(address, sent)
    assert first.headers["Location"] == second.headers["Location"] == f"/p/{site.project.slug}/runs?status=failed"
    assert {new.rerun.of_id for new in retries(site)} == {one.pk, two.pk}
    assert len(retries(site)) == 2
    assert "retried before as Publish #" in text_of(client.post(address, chosen))


def test_what_cannot_be_retried_is_named_with_why(site: Site, address: str) -> None:
    """Issue 4, item 6: one that cannot be retried stops no other; a child is not retried beside its parent."""
    good, done, gone, lost = failed(site), add(site), failed(site), failed(site, "Nowhere")
    child = failed(site, parent=good)
    WorkflowRun.objects.filter(pk=gone.pk).update(workflow=None)
    chosen = {"run": [str(run.pk) for run in (good, done, gone, child, lost)]}

    asked = text_of(site.client("operator").post(address, chosen))
    assert "Retry 1 run?" in asked
    assert f"#{done.number} It is completed; only a failed run is retried." in asked
    assert f"#{gone.number} The workflow Publish has been deleted" in asked
    assert f"#{lost.number} Publish has no stage 'Nowhere'." in asked
    assert f"#{child.number} It was started by Publish #{good.number}, which is retried too." in asked

    done_page = text_of(site.client("operator").post(address, {**chosen, "sure": "1", "key": "k"}))
    assert f"a retry of #{good.number}" in done_page
    assert "The workflow Publish has been deleted" in done_page
    assert [new.rerun.of_id for new in retries(site)] == [good.pk]

    alone = text_of(site.client("operator").post(address, {"run": [str(gone.pk)]}))
    assert "No chosen run can be retried" in alone
    assert "Retry 1" not in alone


def test_no_more_than_fifty_at_once(site: Site, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded work: what is left out is said."""
    runs = [failed(site) for _ in range(3)]
    monkeypatch.setattr(bulk, "MOST_RETRIED", 2)

    asked = text_of(site.client("operator").post(address, {"run": [str(run.pk) for run in runs]}))
    assert "Retry 2 runs?" in asked
    assert "1 more of the chosen are left out" in asked


def test_only_failed_and_open_runs_can_be_chosen(site: Site) -> None:
    """The list offers a box where a button does something; readers get neither boxes nor buttons."""
    bad, done = failed(site), add(site)
    page = site.client("operator").get(f"/p/{site.project.slug}/runs").content.decode()

    assert set(re.findall(r'name="run" value="([^"]*)"', page)) == {str(bad.pk), str(site.run.pk)}
    assert str(done.pk) in page
    assert f'formaction="/p/{site.project.slug}/runs/retry"' in page
    assert "bulk-retry" not in site.client("viewer").get(f"/p/{site.project.slug}/runs").content.decode()


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_only_operators_retry(site: Site, address: str, who: str, status: int) -> None:
    """Rule 1.3: a viewer reads; to strangers the project does not exist. Nonsense chooses nothing."""
    run = failed(site)

    assert site.client(who).post(address, {"run": str(run.pk), "sure": "1"}).status_code == status
    assert site.client("operator").post(address, {"run": ["nonsense", ""]}).status_code == 302
    assert site.client("operator").get(address).status_code == 302
    assert retries(site) == []
