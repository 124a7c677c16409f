"""The browser of the tests: which one, and how it is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


def find_chrome() -> str:
    """The path of a Chromium: what CHROME names, else what is installed. Fails where there is none."""
    for found in (
        os.environ.get("CHROME"),
        shutil.which("chromium-headless-shell"),
        "/usr/bin/chromium",
        shutil.which("chromium"),
        shutil.which("google-chrome"),
    ):
        if found and Path(found).exists():
            return found
    raise AssertionError("No browser was found: install chromium, or set CHROME to one.")
