"""The New workflow dialog: blank or from a template, for whoever may edit, with mistakes told at their field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agents.models import Agent
from builder.models import Edit, Workflow
from builder.pages.starting import choices, columns
from builder.reading import read_workflow
from builder.starters import STARTERS, starter
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

ADDRESS = "/p/website/workflows/new"
NAMES = json.loads((Path(__file__).parents[1] / "corpus" / "names.json").read_text(encoding="utf-8"))["cases"]

_UNSENDABLE = re.compile("[\ud800-\udfff]")


def _form(site: Site, who: str = "editor") -> Form:
    return form_in(site.client(who).get(ADDRESS, headers=HTMX), ADDRESS)


def _post(site: Site, name: str, template: str = "", who: str = "editor") -> Answer:
    form = _form(site)
    return site.client(who).post(form.action, {"name": name, "template": template}, headers=HTMX)


def _chosen(form: Form) -> tuple[str, str]:
    return form.sent["name"][0], form.sent["template"][0]


def test_the_dialog_offers_a_blank_workflow_and_every_template(site: Site) -> None:
    """Issue 3, item 5: five templates, each with what it is for and its stages, the blank one chosen first."""
    answer = site.client("editor").get(ADDRESS, headers=HTMX)

    page = text_of(answer)
    assert answer.content.decode().count("<dialog") == 1
    assert _chosen(_form(site)) == ("", "")
    for key in STARTERS:
        assert starter(key).title in page
        for stage in starter(key).main.stages:
            assert stage.name in page
    assert "default model, scripted" in page


def test_the_drawing_shows_what_comes_after_what() -> None:
    """What is triggered lies between the stage that triggers it and the one that goes on."""
    drawn = {key: [[part["name"] for part in column] for column in columns(starter(key).main)] for key in STARTERS}

    assert drawn["report"] == [["Research"], ["Analysis"], ["Report"]]
    assert drawn["review"] == [["Draft"], ["Review"], ["Finish"]]
    assert drawn["router"] == [["Sort"], ["Billing", "Technical", "General"], ["Reply"]]
    assert drawn["orchestrator"] == [["Gather"], ["Sales Figures", "Customer Voices", "Market News"], ["Write"]]
    assert drawn["deploy"] == [["Prepare"], ["Deployment"], ["Announce"]]
    kinds = {part["kind"] for choice in choices() for column in choice["columns"] for part in column}
    assert kinds == {"stage", "gate", "workflow"}


def test_a_blank_workflow_has_one_stage(site: Site) -> None:
    """Interfaces 2: a new workflow has one stage; names lose the spaces around them."""
    answer = _post(site, "  Weekly report ")

    made = Workflow.objects.get(project=site.project, name="Weekly report")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/w/{made.pk}")
    assert [stage.name for stage in read_workflow(made.pk).stages] == ["Stage 1"]
    assert Edit.objects.get(workflow=made).user == site.client("editor").get(ADDRESS).wsgi_request.user


@pytest.mark.parametrize("template", STARTERS)
def test_a_template_is_put_in_and_shown(site: Site, template: str) -> None:
    """Issue 3, item 5: one click, and the page shows the whole workflow, with nothing to mend."""
    answer = _post(site, "From a template", template, who="owner")

    made = Workflow.objects.get(project=site.project, name="From a template")
    assert answer.headers["Location"] == f"/w/{made.pk}"
    page = text_of(site.client("viewer").get(f"/w/{made.pk}/outline"))
    for stage in starter(template).main.stages:
        assert stage.name in page
        for assignment in stage.assignments:
            assert assignment.agent in page


def test_without_a_model_the_dialog_says_that_agents_play_scripts(site: Site) -> None:
    """A template can be run at once; what to do about the scripts is said before."""
    site.project.default_model = None
    site.project.save()

    assert "play a script" in text_of(site.client("editor").get(ADDRESS, headers=HTMX))
    _post(site, "Scripted", "report")
    assert set(Agent.objects.filter(name__in=("Source Finder", "Report Writer")).values_list("model")) == {
        ("scripted",)
    }


@pytest.mark.parametrize("template", ["", "orchestrator"])
@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "y" * 10_000, "a\u202eb", "zero\u200bwidth", "rEVIEW"])
def test_a_mistake_is_told_at_the_name_and_keeps_the_rest(site: Site, name: str, template: str) -> None:
    """Issue 3, bad input: an inline message at the field, the work kept, nothing half done."""
    before = (Workflow.objects.count(), Agent.objects.count(), Edit.objects.count())

    answer = _post(site, name, template)

    assert answer.status_code == 422
    form = form_in(answer, ADDRESS)
    assert _chosen(form) == (name.strip(), template)
    assert list(form.invalid) == ["name"]
    assert "name" in form.invalid["name"] or "already" in form.invalid["name"]
    assert (Workflow.objects.count(), Agent.objects.count(), Edit.objects.count()) == before


def test_names_are_taken_or_refused_as_everywhere(site: Site) -> None:
    """Trust.md's names: what an import takes the dialog takes, what it refuses is told at the field."""
    for case in NAMES:
        if case["name"] != case["name"].strip() or _UNSENDABLE.search(case["name"]):
            continue  # the dialog takes the spaces away, and no form holds half a character
        answer = _post(site, case["name"], "review")
        assert answer.status_code == (302 if case["taken"] else 422), case["title"]
        assert case["taken"] or list(form_in(answer, ADDRESS).invalid) == ["name"], case["title"]


def test_markup_in_a_name_stays_text(site: Site) -> None:
    """Trust.md: what people type is never markup."""
    name = "<img src=x onerror=alert(1)>"
    assert _post(site, name, "report").status_code == 302

    answer = _post(site, name)

    assert answer.status_code == 422
    assert "<img" not in answer.content.decode()


def test_an_unknown_template_is_refused(site: Site) -> None:
    """Only what is offered can be chosen; nothing is read from a path."""
    for template in ("nothing", "../demo/demo", "report.yaml", "\x00", "x" * 10_000):
        answer = _post(site, "Fine", template)

        assert answer.status_code == 422
        assert "This is none of the templates." in text_of(answer)
        assert form_in(answer, ADDRESS).sent["name"] == ["Fine"]


def test_only_editors_create(site: Site) -> None:
    """Interfaces 5, roles: who reads or operates is refused, who belongs elsewhere finds nothing."""
    for who, status in {"viewer": 403, "operator": 403, "stranger": 404}.items():
        assert site.client(who).get(ADDRESS).status_code == status
        assert site.client(who).post(ADDRESS, {"name": "Mine"}).status_code == status
    assert site.client("nobody").post(ADDRESS, {"name": "Mine"}).headers["Location"].startswith("/login")
    assert site.client("careful").post(ADDRESS, {"name": "Mine"}).status_code == 403
    assert not Workflow.objects.filter(name="Mine").exists()


def test_the_project_page_opens_the_dialog_for_editors(site: Site) -> None:
    """Ui.md 3: New workflow on the project's page; without a script the link leads to a page with the same form."""
    for who, offered in {"viewer": False, "operator": False, "editor": True, "owner": True}.items():
        page = site.client(who).get("/p/website").content.decode()
        assert (re.search(rf'<a [^>]*href="{ADDRESS}" hx-get="{ADDRESS}"', page) is not None) is offered

    alone = site.client("editor").get(f"{ADDRESS}?template=router")
    assert "<title>New workflow" in alone.content.decode()
    assert form_in(alone, ADDRESS).sent["template"] == ["router"]
    answer = site.client("editor").post(ADDRESS, {"name": "Plain", "template": "router"})
    assert answer.status_code == 302
