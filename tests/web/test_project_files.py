"""The file of a project: exported, and imported after a look at what that would do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from builder.canonical import block_of
from builder.models import Trigger, Workflow
from builder.project_file import MOST_BYTES, export_project, parse_file
from builder.yaml_text import parse_yaml
from projects.models import Member, Project
from tests.web.conftest import HTMX, ROLES, Site, text_of
from tests.web.forms import Answer, Form, forms_in

HERE = "/p/website/import"
ANYWHERE = "/projects/import"
SMALL = """format: baton/1
project: {name: Elsewhere, default_model: "openai:gpt-5-mini"}
agents:
  - name: Ada
    role: Author
  - name: Cleo
workflows:
  - name: Digest
    stages:
      - name: Only
        assignments: [{agent: Cleo}]
    triggers:
      - {kind: schedule, cron: "0 9 * * 1", enabled: true}
"""


def _form(answer: Answer) -> Form:
    return next(form for form in forms_in(answer) if form.action.endswith("/import"))


def _check(site: Site, text: str, address: str = HERE, who: str = "editor", **more: Any) -> Answer:
    return site.client(who).post(address, {"text": text, "do": "check", **more}, headers=HTMX)


def _go_on(site: Site, checked: Answer, address: str = HERE, who: str = "editor", **more: Any) -> Answer:
    return site.client(who).post(address, _form(checked).with_changes({"do": "import", **more}), headers=HTMX)


# Export


def test_every_member_exports_what_an_import_takes_back(site: Site) -> None:
    """Interfaces 2: export then import gives the same file."""
    for role in ROLES:
        answer = site.client(role).get("/p/website/export")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="website.yaml"'
        assert parse_yaml(answer.content) == block_of(export_project(site.project))
    checked = _check(site, answer.content.decode())
    assert checked.status_code == 200
    assert "Nothing would change in Website" in text_of(checked)


def test_one_workflow_is_exported_with_what_it_needs(site: Site) -> None:
    review = site.workflow("Review").pk

    answer = site.client("viewer").get(f"/p/website/export?workflow={review}")

    names = [workflow["name"] for workflow in parse_yaml(answer.content)["workflows"]]
    assert names == ["Review", "Publish"]
    assert f'href="/p/website/export?workflow={review}"' in site.client("viewer").get("/p/website").content.decode()
    for missing in ("0", "99999999999999999999", "No such", "x" * 10_240):
        assert site.client("viewer").get("/p/website/export", {"workflow": missing}).status_code == 404


def test_the_buttons_are_where_the_role_allows(site: Site) -> None:
    for role in ROLES:
        for page in ("/p/website", "/p/website/settings"):
            body = site.client(role).get(page).content.decode()
            assert 'href="/p/website/export"' in body
            assert (f'href="{HERE}"' in body) is (role in ("editor", "owner"))
    assert f'href="{ANYWHERE}"' in site.client("stranger").get("/").content.decode()


# Import


def test_a_look_comes_first_and_changes_nothing(site: Site) -> None:
    """Issue 3, item 7: a dry run shows what would be created and changed."""
    before = export_project(site.project)

    page = text_of(_check(site, SMALL))

    assert "What changes in Website" in page
    assert "New Agent Cleo" in page
    assert "New Workflow Digest" in page
    assert "Changed Agent Ada" in page
    assert "Line 13, workflows[0].triggers[0].enabled: an import enables nothing" in page
    assert export_project(site.project) == before
    assert Project.objects.count() == 1


def test_what_was_looked_at_is_imported_and_nothing_is_switched_on(site: Site) -> None:
    """Trust P23: an import executes nothing, fetches nothing, enables nothing."""
    answer = _go_on(site, _check(site, SMALL))

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/p/website")
    assert "Imported: 2 new, 1 changed" in text_of(site.client("editor").get("/p/website"))
    site.project.refresh_from_db()
    assert (site.project.name, site.project.default_model) == ("Website", "scripted")
    assert site.workflow("Digest")
    assert not Trigger.objects.filter(enabled=True).exists()


def test_the_files_own_name_is_taken_only_when_asked_for(site: Site) -> None:
    checked = _check(site, SMALL, take_name="1")
    assert "Changed Project its name or default model" in text_of(checked)

    assert _go_on(site, checked).status_code == 204

    site.project.refresh_from_db()
    assert (site.project.name, site.project.slug, site.project.default_model) == (
        "Elsewhere",
        "website",
        "openai:gpt-5-mini",
    )


def test_a_file_that_changed_after_the_look_is_looked_at_again(site: Site) -> None:
    answer = _go_on(site, _check(site, SMALL), text=SMALL.replace("Digest", "Other"))

    assert answer.status_code == 200
    assert "The file is not the one that you looked at." in text_of(answer)
    assert "New Workflow Other" in text_of(answer)
    assert not Workflow.objects.filter(name__in=("Digest", "Other")).exists()
    assert _go_on(site, answer).status_code == 204


def test_anybody_brings_a_new_project_in_and_owns_it(site: Site) -> None:
    checked = _check(site, SMALL, ANYWHERE, "stranger")
    assert "A new project, Elsewhere" in text_of(checked)
    assert not Project.objects.filter(slug="elsewhere").exists()

    answer = _go_on(site, checked, ANYWHERE, "stranger")

    assert answer.headers["HX-Redirect"] == "/p/elsewhere"
    assert Member.objects.get(project__slug="elsewhere").user.get_username() == "stranger"


def test_a_project_that_the_reader_cannot_see_is_neither_changed_nor_told_of(site: Site) -> None:
    """Trust P20."""
    text = SMALL.replace("Elsewhere", "Website")

    checked = _check(site, text, ANYWHERE, "stranger")

    assert "A new project, Website" in text_of(checked)
    assert "Ada" in text_of(checked)
    assert _go_on(site, checked, ANYWHERE, "stranger").headers["HX-Redirect"] == "/p/website-2"
    refused = _check(site, text, ANYWHERE, "viewer")
    assert refused.status_code == 422
    assert "This needs the role editor; you are viewer." in text_of(refused)
    for who, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        assert site.client(who).get(HERE).status_code == status
        assert _check(site, SMALL, who=who).status_code == status


def test_a_chosen_file_is_read(site: Site) -> None:
    file = SimpleUploadedFile("elsewhere.json", json.dumps(parse_yaml(SMALL)).encode(), "application/json")

    answer = site.client("editor").post(HERE, {"text": "", "file": file, "do": "check"}, headers=HTMX)

    assert answer.status_code == 200
    assert "New Workflow Digest" in text_of(answer)


def test_every_problem_is_told_with_its_line_and_its_place(site: Site) -> None:
    text = SMALL.replace("role: Author", "rule: Author").replace("agent: Cleo", "agent: Nobody")

    answer = _check(site, text)

    assert answer.status_code == 422
    page = text_of(answer)
    assert "Nothing was imported. The project file has problems." in page
    assert "Line 5 agents[0].rule : unknown field" in page
    assert "Line 11 workflows[0].stages[0].assignments[0].agent : " in page
    assert "There is no agent 'Nobody'".lower() in page.lower()
    assert _form(answer).sent["text"] == [text.replace("\n", "\r\n")]


_DEEP = "a: " + "[" * 1_000 + "]" * 1_000
_BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Choose a project file, or paste its text."),
        (" \n\t\n", "Choose a project file"),
        ("Hello", "must be an object"),
        ("[1, 2", "is not JSON"),
        ("{}", "is required"),
        (_BOMB, "anchors are not taken"),
        (_DEEP, "nested over 32 deep"),
        ('{"a":' * 1_000 + "1" + "}" * 1_000, "nested deeper than 32"),
        ("a: !!python/object/apply:os.system [ls]", "tags are not taken"),
        ('{"format": "baton/1", "format": "baton/1"}', "twice"),
        ("format: baton/1\nformat: baton/1", "twice"),
        ("x: .inf", "infinity and NaN"),
        (SMALL + "---\nx: 1\n", "one document"),
        (SMALL.replace("baton/1", "baton/2"), "must be 'baton/1'"),
        (SMALL.replace("Cleo", "Cl\u202eeo"), "unprintable"),
        (SMALL.replace("name: Cleo", 'name: "\\0"'), "unprintable"),
        (SMALL.replace("agents:", "__proto__: {}\nagents:"), "unknown field"),
        (SMALL.replace("name: Ada", f"name: {'n' * 10_240}"), "longer than 100"),
        (SMALL.replace("Ada", "<script>alert(1)</script>\u200b"), "unprintable"),
    ],
)
@pytest.mark.parametrize("address", [HERE, ANYWHERE])
def test_what_is_no_project_file_is_told_and_nothing_is_lost(site: Site, text: str, told: str, address: str) -> None:
    """Issue 3, bad input: an import bomb, a paste that is not ours, names of the corpus."""
    before = export_project(site.project)

    for do in ("check", "import"):
        answer = site.client("owner").post(address, {"text": text, "do": do}, headers=HTMX)

        assert answer.status_code == 422
        assert told.lower() in text_of(answer).lower()
        assert "<script>alert" not in answer.content.decode()
        assert _form(answer).sent["text"] == [text.replace("\n", "\r\n")]
    assert export_project(site.project) == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"#" * (MOST_BYTES + 1), "A project file may have 1 MiB (1,048,576 bytes); this one has 1,048,577 bytes."),
        (b"x" * 10 * MOST_BYTES, "this one has 10,485,760 bytes"),
        (b"\x1f\x8b\x08" + bytes(500), "no text in UTF-8"),
        (SMALL.encode("utf-16"), "no text in UTF-8"),
        (b"", "Choose a project file"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused_with_the_reason(site: Site, content: bytes, told: str) -> None:
    """Interfaces 2: at most 1 MiB."""
    file = SimpleUploadedFile("bomb.yaml", content)

    answer = site.client("editor").post(HERE, {"file": file, "do": "check"}, headers=HTMX)

    assert answer.status_code == 422
    assert told in text_of(answer)


@pytest.mark.parametrize("htmx", [True, False])
def test_a_form_that_is_too_large_is_told_and_its_page_stays(site: Site, *, htmx: bool) -> None:
    """A paste of 10 MB: the answer replaces nothing of the page, and says why."""
    answer = site.client("editor").post(HERE, {"text": "x" * 10 * MOST_BYTES}, headers=HTMX if htmx else {})

    assert answer.status_code == 413
    assert htmx or "at most 1 MiB" in text_of(answer)


def test_without_a_script_the_dialog_is_a_page(site: Site) -> None:
    client = site.client("editor")
    page = client.get(HERE)
    assert "<dialog" in page.content.decode()
    assert "Import into Website" in text_of(page)

    checked = client.post(HERE, _form(page).with_changes({"text": SMALL, "do": "check"}))
    answer = client.post(HERE, _form(checked).with_changes({"do": "import"}), follow=True)

    assert "Imported: 2 new, 1 changed" in text_of(answer)
    assert parse_file(client.get("/p/website/export").content, yaml=True)["agents"][0]["role"] == "Author"
