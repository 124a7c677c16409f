"""The canvas in another engine: collected only where there is a Firefox (tests/browser/conftest.py)."""

from __future__ import annotations

import pytest

from tests.browser.drawing import NAMES, address, newsroom, stored
from tests.browser.firefox import CONTROL, ENTER, SHIFT, Firefox, find
from tests.browser.product import sign_in_link
from tests.stack import Stack

pytestmark = pytest.mark.browser

_FIRST = "#nodes > li:nth-child(1)"
_CHIP = "#nodes > li:nth-child(2) .chip"
_OUTCOMES = f"document.querySelectorAll('{_FIRST} .edge-label').length"
_DRAWER = "!!document.querySelector('#drawer > .drawer')"


def _open(firefox: Firefox, page: str) -> None:
    firefox.go(page)
    firefox.until("document.documentElement.classList.contains('canvas-ready')")
    firefox.until("document.getElementById('connection').textContent.trim() === 'Live'")


def _undo(firefox: Firefox, *keys: str) -> None:
    firefox.ask(f"{find(_FIRST)}.focus()")
    firefox.press(CONTROL, *keys, "z")


def test_the_canvas_works_in_firefox(demo: Stack) -> None:
    """Ui.md, checks 1, 5 and 7 in a second engine."""
    slug = newsroom(demo)
    page = f"{demo.url}{address(demo, slug)}"
    with Firefox() as firefox:
        firefox.go(sign_in_link(demo))
        _open(firefox, page)
        shown = firefox.ask("[...document.querySelectorAll('#nodes > li')].map(one => one.getAttribute('aria-label'))")
        assert [each.split(",")[0] for each in shown] == [f"Stage {n}: {name}" for n, name in enumerate(NAMES, 1)]

        for switched in ("true", "false"):
            firefox.click(_CHIP)
            firefox.until("document.querySelector('#drawer > .drawer h2') === document.activeElement")
            firefox.click('#drawer [role=switch][value="trigger_workflows"]')
            firefox.press(CONTROL, ENTER)
            firefox.until(f"{find(_CHIP)}.getAttribute('aria-label').includes('Trigger Workflows') === {switched}")
            firefox.until(f"!({_DRAWER})")

        x, y = firefox.middle(f"{_FIRST} .port")
        to = firefox.middle("#nodes > li:nth-child(7) .box")
        firefox.pointer((x, y), (x + 8, y + 8), ((x + to[0]) / 2, (y + to[1]) / 2), to)
        firefox.until(f"{_OUTCOMES} === 1")
        _undo(firefox)
        firefox.until(f"{_OUTCOMES} === 0")
        _open(firefox, page)
        assert firefox.ask(_OUTCOMES) == 0
        _undo(firefox, SHIFT)
        firefox.until(f"{_OUTCOMES} === 1")
        assert not firefox.ask(_DRAWER)
        assert firefox.complaints == []
    assert stored(demo, slug)["Intake"]["routes"] == {"outcome": {"stage": "Archive"}}
