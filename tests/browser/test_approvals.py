"""Two people at one gate: who else must answer, the bell, and an agent's question, live in every window."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.product import ended, gate_of, import_file, start, wait_for_run
from tests.stack import Stack

pytestmark = pytest.mark.browser

_LINKS = """
from django.contrib.auth.models import User
from projects.tokens import create_login_link
for name in ("hana", "gina"):
    print(create_login_link(User.objects.get_or_create(username=name)[0]))
"""


@pytest.fixture
def people(demo: Stack, open_context: Callable[..., BrowserContext]) -> tuple[Page, Page]:
    """Hana at a desk and Gina with a phone, signed in; nothing else in this Baton is theirs to answer."""
    made = demo.manage("shell", "-v", "0", "-c", _LINKS)
    assert made.returncode == 0, made.stderr
    pages = []
    for link, (width, height) in zip(made.stdout.split(), ((1280, 800), (390, 844)), strict=True):
        pages.append(open_context(signed_in=False, viewport={"width": width, "height": height}).new_page())
        pages[-1].goto(f"/login/once/{link}")
    return pages[0], pages[1]


def _project(demo: Stack) -> str:
    gate = {"kind": "approval", "name": "Two keys", "message": "Launch?", "options": {"Launch": "go", "Hold": "hold"}}
    asks = {"call": "ask_person", "args": {"message": "Which colour?", "options": ["Red", "Blue"]}}
    cy = {"name": "Cy", "model": "scripted", "script": [asks, {"say": "It is {{result.answer}}."}]}
    stages = [
        {"name": "Paint", "assignments": [{"agent": "Cy", "capabilities": ["ask_people"]}]},
        {"name": "Check", "outcomes": ["go", "hold"], "exit_hooks": [{**gate, "quorum": 2, "reminders": [1]}]},
    ]
    slug = import_file(demo, "Two people", [cy], [{"name": "Launch", "stages": stages}])
    for name in ("hana", "gina"):
        added = demo.api("POST", f"/projects/{slug}/members", json={"user": name, "role": "operator"})
        assert added.status_code in (200, 201), added.text
    return slug


def test_two_people_answer_an_agent_and_a_gate_for_two(demo: Stack, people: tuple[Page, Page]) -> None:
    """Rules 7.3, 7.4, 12.2 and issue 4, item 5: a question and a quorum, on the run page, in the inbox, on a phone."""
    slug = _project(demo)
    elsewhere, gina = people
    elsewhere.goto(f"/p/{slug}")
    bell = elsewhere.locator("#approval-count")
    expect(bell).to_have_text("")
    run = start(demo, slug, "Launch")
    question = gate_of(demo, run["id"])
    expect(bell).to_have_text("1")

    page = elsewhere.context.new_page()
    page.goto(f"/r/{run['id']}")
    expect(page.get_by_role("button", name=re.compile(r"Cy.*asks “Which colour\?”"))).to_be_visible()
    gina.goto("/approvals")
    expect(gina.get_by_role("listitem").filter(has_text="Cy asks")).to_contain_text("Which colour?")
    expect(page.get_by_label("Connection")).to_have_text("Live")
    page.get_by_role("region", name="Cy asks").get_by_role("button", name="Blue").click()
    assert question != gate_of_next(demo, run["id"], question)

    waiting = gina.get_by_role("list", name="Waiting approvals").get_by_role("listitem").filter(has_text="Launch?")
    expect(waiting).to_contain_text("0 of 2 agreed")
    expect(waiting).to_contain_text("Reminded")
    page.get_by_role("region", name="Check needs a decision").get_by_role("button", name="Launch").click()
    expect(waiting).to_contain_text("hana chose Launch")
    expect(page.get_by_text("You chose Launch")).to_be_visible()
    expect(bell).to_have_text("")

    waiting.get_by_role("link", name="Decide").click()
    expect(gina.get_by_text("1 of 2")).to_be_visible()
    assert gina.evaluate("document.documentElement.scrollWidth") <= 390
    gina.get_by_role("button", name="Launch").click()
    expect(gina.get_by_text("answered by hana, gina")).to_be_visible()
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    over = wait_for_run(demo, run["id"], ended)
    assert [each["outcome"] for each in over["stages"]] == [None, "go"]


def gate_of_next(demo: Stack, run_id: str, before: str) -> str:
    """The gate that the run waits at after this one."""
    run = wait_for_run(demo, run_id, lambda run: any(wait["id"] != before for wait in run["waiting_on"]))
    return next(str(wait["id"]) for wait in run["waiting_on"] if wait["id"] != before)
