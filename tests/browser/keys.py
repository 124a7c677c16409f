"""A person with a keyboard: finds things by tabbing to them, types, and never touches a pointer."""

from __future__ import annotations

import re

from playwright.sync_api import Page

_MOST_TABS = 400
# What has the focus, as a screen reader says it.
_FOCUSED = """() => {
    const at = document.activeElement;
    const label = at.labels?.[0]?.textContent ?? "";
    const name = at.getAttribute("aria-label") ?? (label || at.textContent);
    return [at.tagName.toLowerCase(), at.getAttribute("role") ?? "", name.trim().replace(/\\s+/g, " ")];
}"""


class Keyboard:
    """Keys on one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focused(self) -> str:
        """The name of what has the focus."""
        name: str = self.page.evaluate(_FOCUSED)[2]
        return name

    def to(self, name: str, *, back: bool = False) -> None:
        """Tab until something with this name has the focus."""
        wanted = re.compile(rf"{re.escape(name)}( \(optional\))?")
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            if wanted.fullmatch(self.focused()):
                return
        raise AssertionError(f"{_MOST_TABS} tabs never came to {name!r}")

    def press(self, name: str, *, back: bool = False) -> None:
        """Tab to a button and press it."""
        self.to(name, back=back)
        self.page.keyboard.press("Enter")

    def fill(self, name: str, text: str) -> None:
        """Tab to a field and type over what it holds."""
        self.to(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, name: str, option: str) -> None:
        """Tab to a select and type the beginning of an option."""
        self.to(name)
        chosen = None
        for _ in range(3):
            self.page.keyboard.type(option)
            chosen = self.page.evaluate("document.activeElement.selectedOptions?.[0]?.textContent.trim()")
            if chosen == option:
                return
            # Typed too slowly, the browser takes each letter for a new beginning.
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Shift+Tab")
        raise AssertionError(f"{name} is {chosen!r}")
