"""What every page owes to everybody, looked for with axe: names and roles, and contrast in both themes."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES = ("light", "dark")
_AXE: str = Axe().axe_script
# Given to the page once, and asked for the violations alone: all that it found in order comes to a megabyte.
_LOOK = """async (options) => {
    const { violations } = await axe.run(options);
    return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]);
}"""
_ALL: dict[str, Any] = {"resultTypes": ["violations"]}
_CONTRAST: dict[str, Any] = {**_ALL, "runOnly": ["color-contrast"]}
# What slides or fades in is looked at when it has arrived or was taken away; what spins never does.
_SETTLED = """async () => {
    const moves = ({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime !== Infinity;
    const patience = performance.now() + 5000;
    while (document.getAnimations().some(moves) && performance.now() < patience)
        await new Promise((next) => setTimeout(next, 10));
}"""


def problems(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands: theme, rule and place. The page is light afterwards.

    Only colours differ between the themes: in the dark, contrast is all that is looked at again.
    """
    found = []
    for theme, options in (("dark", _CONTRAST), ("light", _ALL)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type] # one of its words
        page.evaluate(_SETTLED)
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(_AXE)
        for rule, targets in page.evaluate(_LOOK, options):
            found += [f"{page.url}, {theme}: {rule} at {target}" for target in targets]
    return found


def sideways(page: Page) -> list[str]:
    """A word on a page that scrolls sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{page.url} scrolls sideways at {page.viewport_size}"] if wide else []
