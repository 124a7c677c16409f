"""The pages of a project in a browser: an agent made and edited, settings, a file taken along."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.looking import problems, sideways
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}


def _barriers(page: Page) -> list[str]:
    """What axe finds on the page as it stands, at a desk and on a phone, and whether it scrolls sideways."""
    found = []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        found += problems(page) + sideways(page)
    return found


def _closed(page: Page) -> None:
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def test_an_agent_is_made_mended_edited_and_deleted(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3, item 7: agents with role, perspective, model, script; ui.md, check 6: where the focus goes."""
    slug = import_file(demo, "Agents by hand", [], [])
    page = open_page(f"/p/{slug}/agents")
    page.get_by_role("link", name="New agent").last.click()
    drawer = page.get_by_role("dialog", name="New agent")
    expect(drawer.get_by_role("heading", name="New agent")).to_be_focused()
    drawer.get_by_label("Name").fill("Cleo")
    drawer.get_by_label("Role").fill("Reviewer")
    drawer.get_by_label("Model", exact=False).first.fill("scripted")
    script = drawer.get_by_label(re.compile(r"^Script \("))
    script.fill("- say: Read.\n- sya: Oops")
    drawer.get_by_role("button", name="Create agent").click()
    expect(script).to_be_focused()
    expect(drawer.get_by_text("Line 2, sya: unknown field")).to_be_visible()
    script.fill("- say: Read.\n- decide: approve")
    page.keyboard.press("Control+Enter")
    _closed(page)
    expect(page.get_by_role("status").get_by_text("Created Cleo")).to_be_visible()
    expect(page.get_by_role("row", name="Cleo Reviewer scripted Nowhere yet")).to_be_visible()

    page.get_by_role("link", name="Cleo").click()
    opened = page.get_by_role("dialog", name="Agent: Cleo")
    opened.get_by_label("Role").fill("Chief reviewer")
    page.keyboard.press("Control+Enter")
    _closed(page)
    expect(page.get_by_role("row", name="Cleo Chief reviewer scripted Nowhere yet")).to_be_visible()
    expect(page.get_by_role("link", name="Cleo")).to_be_focused()
    stored = demo.api("GET", f"/projects/{slug}/agents/Cleo").json()
    assert [step.get("say") or step.get("decide") for step in stored["script"]] == ["Read.", "approve"]

    page.get_by_role("link", name="Cleo").click()
    opened.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete Cleo?").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No agents yet")).to_be_visible()


def test_settings_members_and_tokens(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3, item 7: project settings; a mistake is told at its field, what was made is shown once."""
    slug = import_file(demo, "Set up by hand", [], [])
    page = open_page(f"/p/{slug}/settings")
    page.get_by_label("Name", exact=True).fill("Set up")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").get_by_text("Saved the settings")).to_be_visible()

    page.get_by_label("User name").fill("nobody-here")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_label("User name")).to_be_focused()
    expect(page.get_by_text("There is no user 'nobody-here'.")).to_be_visible()
    page.get_by_role("button", name="Remove admin").click()
    page.get_by_role("dialog", name="Remove admin?").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("A project needs an owner; this is its last one.")).to_be_visible()

    page.get_by_label("What it is for").fill("Nightly report")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("button", name="Copy token")).to_be_focused()
    token = page.locator("#new-token").inner_text()
    answer = demo.client.get(f"/api/v1/projects/{slug}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Set up")
    page.get_by_role("button", name="Revoke Nightly report").click()
    page.get_by_role("dialog", name="Revoke Nightly report?").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No token yet.")).to_be_visible()

    page.get_by_label("Type Set up to confirm").fill("Set up")
    page.get_by_role("button", name="Delete project").click()
    expect(page.get_by_text("Deleted the project Set up")).to_be_visible()


def test_a_project_is_exported_and_imported_elsewhere(demo: Stack, open_page: OpenPage, tmp_path: Path) -> None:
    """Issue 3, item 7: export, then import: a look first, with every problem and its line; interfaces 2."""
    page = open_page("/p/demo")
    with page.expect_download() as started:
        page.get_by_role("link", name="Export", exact=True).click()
    assert started.value.suggested_filename == "demo.yaml"
    file = tmp_path / "demo.yaml"
    text = started.value.path().read_text(encoding="utf-8").replace("name: Demo\n", "name: Carried over\n", 1)
    file.write_text(text.replace("agent: Author", "agent: Nobody"), encoding="utf-8")

    page.goto("/")
    page.get_by_role("link", name="Import").click()
    dialog = page.get_by_role("dialog", name="Import a project")
    dialog.get_by_label("Project file").set_input_files(file)
    pasted = dialog.get_by_label("Or its text")
    expect(pasted).to_have_value(re.compile("Carried over"))
    dialog.get_by_role("button", name="Check").click()
    expect(dialog.get_by_role("alert")).to_contain_text("there is no agent 'Nobody'")
    expect(dialog.get_by_role("alert")).to_contain_text(re.compile(r"Line \d+"))

    pasted.fill(text)
    dialog.get_by_role("button", name="Check again").click()
    expect(dialog.get_by_role("heading", name="A new project, Carried over")).to_be_focused()
    expect(dialog.get_by_role("listitem").filter(has_text="Content Review")).to_be_visible()
    dialog.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Carried over")).to_be_visible()
    expect(page.get_by_role("link", name="Content Review", exact=True)).to_be_visible()
    theirs = demo.api("GET", "/projects/demo/export").json()
    ours = demo.api("GET", "/projects/carried-over/export").json()
    assert ours == {**theirs, "project": {**theirs["project"], "name": "Carried over"}}

    page.get_by_role("link", name="Import").click()
    again = page.get_by_role("dialog", name="Import into Carried over")
    again.get_by_label("Or its text").evaluate("(box) => { box.value = 'x'.repeat(1_100_000); }")
    again.get_by_role("button", name="Check").click()
    expect(page.get_by_text("That is too large: at most 1 MiB at a time.")).to_have_count(1)
    again.get_by_label("Or its text").press("End+x")
    expect(again.get_by_text("A project file may have 1 MiB; this text is longer.")).to_be_visible()


def test_project_pages_have_no_barriers(demo: Stack, open_context: Callable[..., BrowserContext]) -> None:
    """Ui.md, check 24: both themes, a desk's screen and a phone's, with drawers, dialogs and mistakes open."""
    page = open_context(viewport=DESK).new_page()
    found = []
    for address in ("/", "/p/demo", "/p/demo/agents", "/p/demo/settings", "/p/demo/import"):
        page.goto(address)
        found += _barriers(page)
    page.goto("/p/demo/agents?drawer=agent:new")
    page.get_by_role("button", name="Create agent").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    found += _barriers(page)
    page.goto("/p/demo/settings")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_label("What it is for")).to_be_focused()
    found += _barriers(page)
    page.get_by_role("link", name="Import file").click()
    for text in ("format: baton/2", "format: baton/1\nproject: {name: Demo}\nagents: [{name: Barrier free}]"):
        page.get_by_label("Or its text").fill(text)
        page.get_by_role("button", name=re.compile("^Check")).click()
        expect(page.locator("#import-report").get_by_role("list")).to_be_visible()
        found += _barriers(page)
    assert found == []
