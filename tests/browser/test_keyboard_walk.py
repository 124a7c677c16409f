"""From an empty project to an answered gate, with the keyboard alone: no pointer, no form but by its keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.drawing import Canvas
from tests.browser.keys import Keyboard

pytestmark = pytest.mark.browser

AGENTS = {
    "Author": "- share: {title: Spring news}\n- say: Written.",
    "Editor": "- say: Read and found good.",
    "Publisher": "- say: It is online.",
}


def _opened(page: Page, name: str) -> None:
    expect(page.get_by_role("dialog", name=name).get_by_role("heading", name=name)).to_be_focused()


def _closed(page: Page) -> None:
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def _arrived(page: Page, title: str) -> None:
    """A page that a key led to has its scripts."""
    expect(page.get_by_role("heading", level=1, name=re.compile(f"^{title}"))).to_be_attached()
    expect(page.locator("html[data-arrived]")).to_be_attached()


def _create_agents(page: Page, keys: Keyboard) -> None:
    keys.press("Agents")
    _arrived(page, "Agents")
    for name, script in AGENTS.items():
        keys.press("New agent")
        _opened(page, "New agent")
        keys.fill("Name", name)
        keys.fill("Model", "scripted")
        keys.press("Script of a scripted agent")
        keys.fill("Script", script)
        page.keyboard.press("Control+Enter")
        _closed(page)
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    keys.press("Workflows", back=True)


def _new_workflow(page: Page, keys: Keyboard, name: str) -> Canvas:
    """An empty workflow, with the focus on its only stage."""
    _arrived(page, "By keys alone")
    keys.press("New workflow")
    expect(page.get_by_role("dialog", name="New workflow").get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    canvas = Canvas(page)
    _arrived(page, name)
    canvas.ready()
    keys.to("Workflow canvas")
    page.keyboard.press("Tab")
    expect(canvas.stage("Stage 1")).to_be_focused()
    return canvas


def _rename(canvas: Canvas, keys: Keyboard, before: str, name: str) -> None:
    """From the card into its drawer and back."""
    expect(canvas.stage(before)).to_be_focused()
    canvas.page.keyboard.press("Enter")
    _opened(canvas.page, f"Stage: {before}")
    keys.fill("Name", name)
    canvas.page.keyboard.press("Control+Enter")
    _closed(canvas.page)
    expect(canvas.stage(name)).to_be_focused()


def _assign(canvas: Canvas, stage: str, agent: str) -> None:
    canvas.page.keyboard.press("a")
    expect(canvas.page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    canvas.page.keyboard.type(agent[:3])
    canvas.page.keyboard.press("Enter")
    expect(canvas.page.get_by_role("dialog").get_by_text("was assigned.")).to_contain_text(agent)
    canvas.page.keyboard.press("Control+Enter")
    expect(canvas.stage(stage)).to_be_focused()


def _connect(canvas: Canvas, keys: Keyboard, label: str, kind: str, place: str) -> None:
    """C: an outcome of Review to a stage or to a workflow."""
    page = canvas.page
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Connect an outcome from Review").get_by_label("Outcome")).to_be_focused()
    page.keyboard.type(label)
    keys.choose("Goes to", kind)
    if kind == "A stage":
        keys.choose("Stage", place)
    else:
        keys.choose("Target workflow", place)
        keys.fill("Input", "{{results.title}}")
        keys.choose("Continue at", "End the workflow")
    page.keyboard.press("Control+Enter")
    expect(canvas.outcome(label, "Review")).to_be_visible()
    expect(canvas.stage("Review")).to_be_focused()


def _ask_for_approval(canvas: Canvas, keys: Keyboard) -> None:
    """A gate on exit; its options are the stage's outcomes."""
    page = canvas.page
    page.keyboard.press("Enter")
    _opened(page, "Stage: Review")
    keys.to("Main")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Hooks")).to_be_focused()
    keys.press("Add exit hook")
    expect(page.get_by_role("dialog", name="Stage: Review").locator("#hook-0-name")).to_be_focused()
    page.keyboard.type("Sign-off")
    keys.fill("Message", "Publish {{results.title}}?")
    page.keyboard.press("Control+Enter")
    _closed(page)
    expect(canvas.stage("Review").get_by_role("button", name=re.compile("Sign-off"))).to_be_visible()
    expect(canvas.stage("Review")).to_be_focused()


def _let_it_trigger(canvas: Canvas, keys: Keyboard) -> None:
    """]: into the card's assignments, and Enter into the drawer of the first."""
    page = canvas.page
    page.keyboard.press("]")
    chip = canvas.stage("Review").get_by_role("button", name=re.compile("^Assignment 1: Editor"))
    expect(chip).to_be_focused()
    page.keyboard.press("Enter")
    _opened(page, "Assignment: Editor")
    keys.to("Trigger Workflows")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="Trigger Workflows")).to_be_checked()
    page.keyboard.press("Control+Enter")
    _closed(page)
    expect(chip).to_have_accessible_name(re.compile("Trigger Workflows"))
    expect(chip).to_be_focused()


def _run_and_answer(page: Page, keys: Keyboard) -> None:
    keys.press("Run", back=True)
    expect(page.get_by_role("dialog", name="Run Content Review").get_by_label("Input")).to_be_focused()
    keys.press("Start run")
    _arrived(page, "Content Review #")
    gate = page.get_by_role("region", name="Review needs a decision")
    expect(gate).to_contain_text("Publish Spring news?")
    keys.fill("Note for the agents", "Good.")
    keys.press("Approve")
    expect(page.get_by_role("listitem", name=re.compile("^Workflow target: Publish Content"))).to_contain_text(
        "Completed"
    )
    expect(page.locator("#run-bar")).to_contain_text("Completed")
    expect(page.get_by_role("listitem", name=re.compile("^Stage 3: Archive"))).to_contain_text("Skipped")


def test_review_and_publish_is_built_and_run_with_keys_alone(open_page: OpenPage) -> None:
    """Issue 3, done when; ui.md, 4.1: a project, its agents, two workflows, a gate, a run and its answer, by keys."""
    page = open_page("/")
    keys = Keyboard(page)
    _arrived(page, "Projects")
    keys.fill("Name of the new project", "By keys alone")
    page.keyboard.press("Enter")
    _arrived(page, "By keys alone")
    _create_agents(page, keys)

    canvas = _new_workflow(page, keys, "Publish Content")
    _assign(canvas, "Stage 1", "Publisher")
    keys.press("By keys alone", back=True)

    canvas = _new_workflow(page, keys, "Content Review")
    _rename(canvas, keys, "Stage 1", "Draft")
    _assign(canvas, "Draft", "Author")
    for before, name in (("Stage 2", "Review"), ("Stage 3", "Archive")):
        page.keyboard.press("s")
        _rename(canvas, keys, before, name)
    page.keyboard.press("p")
    expect(canvas.stage("Review")).to_be_focused()
    _assign(canvas, "Review", "Editor")
    _connect(canvas, keys, "approve", "A workflow", "Publish Content")
    _connect(canvas, keys, "revise", "A stage", "Draft")
    _connect(canvas, keys, "reject", "A stage", "Archive")
    _ask_for_approval(canvas, keys)
    _let_it_trigger(canvas, keys)
    expect(page.get_by_role("button", name=re.compile("^Problems"))).to_be_hidden()
    _run_and_answer(page, keys)
