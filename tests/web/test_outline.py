"""The outline of a workflow: what it says in words, and what it offers to whom."""

from __future__ import annotations

import re

from django.utils import timezone

from builder.models import Workflow
from tests.web.conftest import Site, text_of


def test_the_outline_says_where_every_outcome_leads(site: Site) -> None:
    """Rules 3.4 and 4.1: a stage, a workflow and continue at, the end, in words."""
    page = text_of(site.client("viewer").get(f"/w/{site.workflow('Review').pk}/outline"))

    assert "approve Publish , then End the workflow" in page
    assert "reject default Archive" in page
    assert "revise Back to Draft" in page
    assert "Always the next stage" in page
    assert "Always the end of the workflow" in page


def test_the_outline_shows_hooks_with_what_each_answer_means(site: Site) -> None:
    """Rule 7.2: the UI calls it Approval (blocking)."""
    page = text_of(site.client("viewer").get(f"/w/{site.workflow('Review').pk}/outline"))

    assert "Approval (blocking): Sign off On exit Fine?" in page
    assert "Yes means approve , No means reject , Again means revise" in page
    assert "asks in the inbox, Telegram" in page
    assert "without an answer within 1 day, it means reject" in page


def test_an_assignment_shows_its_capabilities(site: Site) -> None:
    """Rule 2.4."""
    page = site.client("viewer").get(f"/w/{site.workflow('Review').pk}/outline").content.decode()

    assert 'aria-label="Assignment 1: Ada, Trigger Workflows"' in page
    assert 'aria-label="Assignment 2: Ben"' in page


def test_the_outline_offers_what_the_reader_may_do(site: Site) -> None:
    """Interfaces 5."""
    address = f"/w/{site.workflow('Review').pk}"
    viewer, operator, editor = (
        site.client(role).get(f"{address}/outline").content.decode() for role in ("viewer", "operator", "editor")
    )

    assert [f'"{address}/run"' in page for page in (viewer, operator, editor)] == [False, True, True]
    assert ["Edit stage Look" in page for page in (viewer, operator, editor)] == [False, False, True]
    assert "Open stage Look" in viewer


def test_an_archived_workflow_cannot_be_run_and_says_so(site: Site) -> None:
    Workflow.objects.filter(name="Publish").update(archived_at=timezone.now())
    address = f"/w/{site.workflow('Publish').pk}"

    page = site.client("owner").get(f"{address}/outline")

    assert f'"{address}/run"' not in page.content.decode()
    assert "archived" in text_of(page)
    assert "Publish is archived: it will not be started" in text_of(
        site.client("owner").get(f"/w/{site.workflow('Review').pk}/outline")
    )


def test_things_to_look_at_name_their_stage(site: Site) -> None:
    """Interfaces 5: `check` lists problems and warnings; the page shows them."""
    page = text_of(site.client("viewer").get(f"/w/{site.workflow('Deep 2').pk}/outline"))

    assert "thing to look at Go, outcome on : nobody can decide 'on'" in page


def test_an_address_opens_its_drawer_at_once(site: Site) -> None:
    address = f"/w/{site.workflow('Review').pk}/outline?drawer="
    client = site.client("owner")

    assert 'data-drawer="stage:' in client.get(f"{address}stage:{site.stage().pk}").content.decode()
    shown = client.get(f"{address}assignment:{site.assignment().pk}").content.decode()
    assert "Assignment: Ada" in shown
    assert "Be strict." in shown
    hook, agent = site.stage().hooks.get().pk, site.assignment().agent_id
    workflow, stage = site.workflow("Review").pk, site.stage().pk
    wanted = (
        f"hook:{hook}",
        f"agent:{agent}",
        f"workflow:{workflow}",
        f"outcome:{stage}:revise",
        f"target:{stage}:approve",
    )
    for key in wanted:
        assert f'data-drawer="{key}"' in client.get(f"{address}{key}").content.decode()


def test_an_address_of_a_drawer_that_is_not_there_opens_the_page_alone(site: Site) -> None:
    address = f"/w/{site.workflow('Review').pk}/outline?drawer="
    elsewhere = site.stage("Out", "Publish").pk

    for wanted in (
        "stage:0",
        "stage:987654321",
        f"stage:{elsewhere}",
        "trigger:1",
        "stage:99999999999999999999",
        "x",
        "hook:987654",
        "agent:987654",
        "workflow:987654",
        f"outcome:{elsewhere}:x",
        "outcome:1",
    ):
        page = site.client("owner").get(f"{address}{wanted}")
        assert page.status_code == 200
        assert "data-drawer=" not in page.content.decode()


def test_a_drawer_that_is_open_from_the_start_changes_nothing_on_its_page(site: Site) -> None:
    """The two share names, such as the tabs of the stage drawer and those of the workflow."""
    workflow, stage, client = site.workflow("Review"), site.stage(), site.client("owner")
    for page in (f"/w/{workflow.pk}/outline", f"/w/{workflow.pk}"):
        alone = _page_of(client.get(page).content.decode())
        for key in (f"stage:{stage.pk}", f"agent:{site.assignment().agent_id}", f"outcome:{stage.pk}:revise"):
            beside = client.get(f"{page}?drawer={key}").content.decode()
            assert f'data-drawer="{key}"' in beside
            assert _page_of(beside) == alone, key


def _page_of(html: str) -> str:
    """The main part of a page, without what is new in every answer."""
    main = html[html.index("<main") : html.index("</main>")]
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce|datetime|data-now)="[^"]*"', "", main)
