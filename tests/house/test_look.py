"""The pages keep the rules that the content security policy and the visual language rest on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Engine

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
STATES = (
    "pending", "queued", "ready", "running", "blocked", "retrying", "waiting", "paused", "done", "kept", "completed",
    "failed", "cancelled", "skipped", "timed_out", "refused", "open", "answered", "expired",
)  # fmt: skip
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle="),
    "an inline handler": re.compile(r"\son[a-z]+\s*="),
    "htmx code in an attribute": re.compile(r"\bhx-on|=[\"']js:"),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)"),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape off"),
    "something from another host": re.compile(r"(?:src|href|action)=[\"']https?://"),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_parses_and_holds_nothing_that_the_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    engine = Engine(dirs=[str(ROOT / "templates")], libraries={"static": "django.templatetags.static"})

    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []
    assert engine.from_string(text)
    assert len(text.splitlines()) <= 100


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")))
    named = set()
    for template in TEMPLATES:
        text = template.read_text(encoding="utf-8")
        named |= set(re.findall(r'_icon\.html" with name="([a-z_-]+)"(?!\|)', text))
        named |= set(re.findall(r'\bicon="([a-z_-]+)"', text))

    assert named - symbols - {"state-", "cap-"} == set()


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_word_and_an_icon(state: str) -> None:
    sprite = (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")
    words = (ROOT / "templates/components/_state_word.html").read_text(encoding="utf-8")

    assert f'<symbol id="state-{state}"' in sprite
    assert f'state == "{state}"' in words


@pytest.mark.parametrize("style", [path for path in STYLES if path.name != "tokens.css"], ids=lambda path: path.name)
def test_colours_come_from_the_tokens_alone(style: Path) -> None:
    raw = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", style.read_text(encoding="utf-8"))

    assert raw == []


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_readable_on_what_it_stands_on(theme: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 for text; 1.4.11: 3.0 for borders and rings."""
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", tokens)
    colour = {name: (light, dark)[theme] for name, light, dark in pairs}
    states = ("pending", "running", "blocked", "waiting", "done", "failed")
    text = [
        ("text", "bg"),
        ("text", "surface"),
        ("muted", "bg"),
        ("muted", "surface"),
        ("muted", "surface-2"),
        ("accent", "surface"),
    ]
    text += [("on-accent", "accent"), ("accent", "accent-tint"), *((state, f"{state}-tint") for state in states)]
    lines = [("control-border", "bg"), ("control-border", "surface"), ("focus", "bg"), ("edge", "bg")]

    assert [pair for pair in text if _contrast(colour[pair[0]], colour[pair[1]]) < 4.5] == []
    assert [pair for pair in lines if _contrast(colour[pair[0]], colour[pair[1]]) < 3.0] == []
