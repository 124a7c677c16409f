"""The outline's own buttons: each posts one command, without a script too, and everybody sees what they may do."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from builder.models import Workflow
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, forms_in

Json = Any


def _page(site: Site, who: str = "editor", workflow: str = "Review") -> Answer:
    page: Answer = site.client(who).get(f"/w/{site.workflow(workflow).pk}/outline")
    return page


def _buttons(page: Answer) -> dict[str, Json]:
    """The commands of the page's buttons, by the words of the button."""
    found = re.findall(
        r"<button[^>]* name=\"json\" value='([^']*)' aria-label=\"([^\"]*)\"([^>]*)>", page.content.decode()
    )
    return {unescape(label): json.loads(unescape(body)) for body, label, rest in found if "disabled" not in rest}


def _press(site: Site, label: str, who: str = "editor", workflow: str = "Review") -> Answer:
    body = _buttons(_page(site, who, workflow))[label]
    address = f"/w/{site.workflow(workflow).pk}/commands"
    answer: Answer = site.client(who).post(address, {"view": "outline", "json": json.dumps(body)})
    return answer


def _forms(site: Site, do: str, who: str = "editor") -> list[Form]:
    return [form for form in forms_in(_page(site, who)) if form.sent.get("do") == [do]]


def _names(site: Site, workflow: str = "Review") -> list[str]:
    return list(site.workflow(workflow).stages.values_list("name", flat=True))


def test_stages_are_added_moved_and_deleted_by_plain_forms(site: Site) -> None:
    """Rule 2.1; ui.md, section 3: works without a script, leads back with a word about it."""
    client = site.client("editor")
    add = _forms(site, "add_stage")[0]
    answer = client.post(add.action, add.with_changes({"name": "Check"}))
    assert answer.status_code == 303
    assert "Added stage Check" in text_of(client.get(answer.headers["Location"]))
    client.post(add.action, add.sent)
    assert _names(site) == ["Draft", "Look", "Archive", "Check", "Stage 5"]

    assert _press(site, "Move Check up").status_code == 303
    assert _press(site, "Move Draft down").status_code == 303
    assert _press(site, "Delete Stage 5").status_code == 303
    assert _names(site) == ["Look", "Draft", "Check", "Archive"]

    undo = _forms(site, "undo")[0]
    client.post(undo.action, undo.sent)
    assert _names(site) == ["Look", "Draft", "Check", "Archive", "Stage 5"]
    redo = _forms(site, "redo")[0]
    client.post(redo.action, redo.sent)
    assert _names(site) == ["Look", "Draft", "Check", "Archive"]


def test_the_ends_of_the_list_offer_no_way_beyond(site: Site) -> None:
    buttons = _buttons(_page(site))

    assert "Move Draft up" not in buttons
    assert "Move Archive down" not in buttons
    assert "Move Look up" in buttons
    assert "Delete Out" not in _buttons(_page(site, workflow="Publish")), "a workflow has at least one stage"


def test_an_agent_is_assigned_by_a_select_and_a_button(site: Site) -> None:
    """Ui.md, check 4: no drag."""
    form = next(form for form in _forms(site, "assign_agent") if form.sent["stage"] == [str(site.stage("Archive").pk)])
    assert form.choices["agent"][:1] == [""]

    site.client("editor").post(form.action, form.with_changes({"agent": "Ada"}))

    assert [each.agent for each in site.spec("Archive").assignments] == ["Ada"]


def _told_at(answer: Answer, field: str) -> str:
    """What is told at a field of the page, and nowhere else."""
    html = answer.content.decode()
    found = re.search(rf'hx-target="#{field}-error" hx-swap="textContent">([^<]*)</hx-partial>', html)
    assert found
    assert 'data-tone="error"' not in html
    return unescape(found[1])


def test_a_refused_button_says_why_and_changes_nothing(site: Site) -> None:
    client, before = site.client("editor"), _names(site)
    add = _forms(site, "add_stage")[0]
    for name in ("draft", "end", "a\u202eb", "x" * 10_000):
        answer = client.post(add.action, add.with_changes({"name": name}))
        assert answer.status_code == 303
        assert 'class="toast" data-tone="error"' in client.get(answer.headers["Location"]).content.decode()
        with_htmx = client.post(add.action, add.with_changes({"name": name}), headers=HTMX)
        assert with_htmx.status_code == 422
        assert _told_at(with_htmx, "new-stage")
    paste = _forms(site, "paste")[0]
    for text in ("", "not ours", '{"baton": "stages/2"}', "[" * 5_000):
        answer = client.post(paste.action, paste.with_changes({"text": text}), headers=HTMX)
        assert answer.status_code == 422
        assert "pasted" in _told_at(answer, "paste-text")
    assert _names(site) == before
    assert _told_at(client.post(add.action, add.with_changes({"name": "Fine"}), headers=HTMX), "new-stage") == ""


def test_stages_are_copied_as_text_and_pasted_into_another_workflow(site: Site) -> None:
    client = site.client("editor")
    found = re.search(r'href="(/w/\d+/copy[^"]*)"', _page(site).content.decode())
    assert found
    text = client.get(unescape(found[1])).content.decode()

    client.post(f"/w/{site.workflow('Publish').pk}/commands", {"do": "paste", "text": text, "view": "outline"})

    assert _names(site, "Publish") == ["Out", "Draft", "Look", "Archive"]


def test_what_is_at_hand_is_only_what_the_reader_may_do(site: Site) -> None:
    """Interfaces 5: viewers and operators read."""
    for role in ("viewer", "operator"):
        page = _page(site, role)
        assert _buttons(page) == {}
        assert [form.sent["do"] for form in forms_in(page) if "do" in form.sent] == []
        answer = site.client(role).post(f"/w/{site.workflow('Review').pk}/commands", {"do": "add_stage"})
        assert answer.status_code == 403
    assert _page(site, "stranger").status_code == 404


def test_every_page_of_a_workflow_with_names_of_the_corpus_shows_them_as_they_are(site: Site) -> None:
    """Trust: names are text, never markup, in every attribute too."""
    names = ['"><img src=x>', "'; drop", "{{7*7}}", "a\"b'c&amp;", "<script>alert(1)</script>"]
    workflow = Workflow.objects.get(pk=site.workflow("Publish").pk)
    for name in names:
        site.client("editor").post(f"/w/{workflow.pk}/commands", {"do": "add_stage", "name": name})
    page = _page(site, workflow="Publish")

    assert "<script>alert" not in page.content.decode()
    assert "<img src=x" not in page.content.decode()
    for name in names:
        assert name in text_of(page) or name in unescape(page.content.decode())
        assert f"Move {name} up" in _buttons(page)
