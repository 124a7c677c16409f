"""The parts of results.md that are written by themselves: each stands between two marks, and outlives the others."""

from __future__ import annotations

import re
from pathlib import Path

_SECTION = re.compile(r"<!-- (\w+) -->\n.*?\n<!-- /\1 -->\n", re.DOTALL)


def kept(document: str) -> str:
    """All such parts of a document, to be put below what is written anew."""
    return "".join(f"\n{found[0]}" for found in _SECTION.finditer(document))


def put(path: Path, name: str, text: str) -> None:
    """Put a part into a document, in the place of its last version or at the end."""
    document = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    part = f"<!-- {name} -->\n{text.strip()}\n<!-- /{name} -->\n"
    old = next((found[0] for found in _SECTION.finditer(document) if found[1] == name), None)
    changed = document.replace(old, part) if old else f"{document.rstrip()}\n\n{part}"
    path.write_text(changed, encoding="utf-8")
