"""An approval by a link: made at a desk, opened on a phone that nobody has signed in on, seen at the desk at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.looking import problems, sideways
from tests.browser.product import gate_of, start
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_an_approval_is_answered_by_a_link_on_a_phone(demo: Stack, open_context: Callable[..., BrowserContext]) -> None:
    """Issue 4, item 5 and "Done when"; trust P16: no account, no script, a page without a referrer (so that the form
    comes from the origin `null`); the second look is told who was first."""
    gate = gate_of(demo, start(demo, "demo", "Content Review")["id"])
    desk = open_context().new_page()
    desk.goto(f"/a/{gate}")
    desk.get_by_role("link", name="Approval link").click()
    dialog = desk.get_by_role("dialog", name="Approval link")
    expect(dialog.get_by_label("Who answers")).to_have_value("admin")
    dialog.get_by_role("button", name="Make link").click()
    address = dialog.locator("#new-link").inner_text()
    expect(desk.get_by_role("list", name="Approval links", include_hidden=True)).to_contain_text("For admin")
    assert problems(desk) == []
    dialog.get_by_role("button", name="Close").first.click()

    small = {"width": 390, "height": 844}
    with_script = open_context(signed_in=False, viewport=small).new_page()
    with_script.goto(address)
    expect(with_script.get_by_role("button", name="Approve")).to_be_visible()
    assert problems(with_script) + sideways(with_script) == []
    phone = open_context(signed_in=False, viewport=small, java_script_enabled=False).new_page()
    phone.goto(address)
    phone.get_by_label("Note for the agents").fill("From the train.")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("Your answer is recorded")).to_be_visible()

    expect(desk.get_by_text("answered by admin (link)")).to_be_visible()
    expect(desk.get_by_text("“From the train.”")).to_be_visible()
    with_script.reload()
    expect(with_script.get_by_text("Already answered by admin: Approve")).to_be_visible()
    found = problems(with_script) + sideways(with_script)
    with_script.goto(f"{address[:-6]}abcdef")
    expect(with_script.get_by_role("heading", name="There is no such link")).to_be_visible()
    assert found + problems(with_script) + sideways(with_script) == []
