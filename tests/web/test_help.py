"""The pages of help: one source with the documents and with the canvas, and nothing in them that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.checks import MAX_DEPTH
from builder.checks.not_yet import unsupported_in
from builder.pages.help import DOCS, document
from builder.spec import DAY, AssignmentSpec, WorkflowSpec
from runs.engine.limits import WORKFLOW_CALLS
from tests.web.conftest import HTMX, Site, text_of

ROOT = Path(__file__).parents[2]
SOURCE = (DOCS / "workflow-triggering.md").read_text(encoding="utf-8")
WAYS = (
    "Triggering, agent-initiated",
    "Triggering, outcome-routed",
    "Subagents",
    "Swarm",
    "Outcome routing between stages",
    "Schedule",
    "Webhook",
)


def _page(site: Site, name: str = "triggering") -> str:
    return text_of(site.client("viewer").get(f"/help/{name}"))


def test_the_page_is_the_document(site: Site) -> None:
    """Issue 3, item 5: one source for /help/triggering and docs/workflow-triggering.md, heading by heading."""
    answer = site.client("stranger").get("/help/triggering").content.decode()
    answer = answer[answer.index("<main") : answer.index("</main>")]

    headings = re.findall(r"^##? (.+)$", SOURCE, re.MULTILINE)
    assert re.findall(r"<h1>([^<]+)</h1>", answer) + re.findall(r'<h2 id="[^"]+">([^<]+)</h2>', answer) == headings
    for title in headings[1:]:
        (anchor,) = re.findall(rf'<h2 id="([^"]+)">{title}<', answer)
        assert f'<a href="#{anchor}">{title}</a>' in answer
    shown = text_of(site.client("viewer").get("/help/triggering"))
    for line in re.findall(r"^\| ([^|]+) \|", SOURCE, re.MULTILINE):
        assert re.sub(r"[`*]", "", line).strip() in shown


def test_it_tells_both_patterns_results_failure_scope_and_limits(site: Site) -> None:
    """Issue 3, item 5, and rules 4 to 6: the words and numbers that the engine keeps to."""
    page = _page(site)

    for words in ("Agent-initiated", "Outcome-routed", "Trigger Workflows", "Goes to: A workflow", "Target workflow"):
        assert words in page
    for words in ("Structured", "narrative", "notice", "timed_out", "Continue at is followed all the same"):
        assert words in page
    assert f"{int(AssignmentSpec(agent='x').trigger_timeout)} seconds at first" in page
    assert f"1 to {DAY} seconds" in page
    assert f"at most {WORKFLOW_CALLS} workflows" in page
    assert f"There is no depth {MAX_DEPTH}" in page
    assert "depth limit exceeded" in page
    assert "a workflow cannot keep triggering itself" in page


def test_it_compares_the_ways_to_compose(site: Site) -> None:
    """Issue 3, item 5: a table of all ways, each with when to use it; what does not run yet says so."""
    table = SOURCE.split("## Ways to compose")[1].split("##")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)

    names = [name for name, _, _ in rows]
    for way in WAYS:
        assert any(name.startswith(way) for name in names), way
    waiting = {name for name in names if "(not yet)" in name}
    assert {name.split(" ")[0].rstrip(":") for name in waiting} == {"Subagents", "Swarm", "Schedule", "Webhook"}
    for missing in ("Conversation", "Subagents", "Offer as separate tools", "cron"):
        assert missing in SOURCE.split("## Not in this version")[1]


def test_what_does_not_run_yet_is_said() -> None:
    """Issue 2, item 4: the list at the end of the page is what the check refuses today, no more and no less."""
    assignment = {"agent": "Ada", "capabilities": ["use_subagents"], "workflow_tools": True}
    stage = {
        "name": "All",
        "mode": "conversation",
        "assignments": [assignment],
        "entry_hooks": [{"kind": "wait", "seconds": 1}],
    }
    spec = WorkflowSpec.model_validate({"name": "Everything", "stages": [stage]})

    refused = {finding.detail.path.rsplit(".", 1)[-1] for finding in unsupported_in(spec)}

    told = {"mode": "Conversation", "workflow_tools": "Offer as separate tools", "kind": "Hooks other than *Approval"}
    told |= {"capabilities[0]": "Subagents"}
    section = " ".join(SOURCE.split("## Not in this version")[1].split())
    assert refused == set(told)
    assert [words for words in told.values() if words not in section] == []


def test_the_fields_link_to_the_page(site: Site) -> None:
    """Issue 3, item 5: linked from the switch's help line and from the Goes to field, without losing the form."""
    link = '<a href="/help/triggering" target="_blank" rel="noopener">'
    drawer = site.client("editor").get(f"/drawers/assignments/{site.assignment().pk}", headers=HTMX).content.decode()
    routing = site.client("editor").get(f"/drawers/stages/{site.stage().pk}", headers=HTMX).content.decode()

    (help_line,) = re.findall(r'<p class="help" id="cap-trigger-help">(.*?)</p>', drawer)
    assert link in help_line
    lines = re.findall(r'<p class="help" id="row-\d-goes_to-help">(.*?)</p>', routing)
    assert len(lines) >= 3
    assert all(link in line for line in lines)


def test_the_text_cannot_become_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust.md: HTML in a document stays text, and links keep no script."""
    hostile = "# T\n\n<script>alert(1)</script>\n\n## S <b>x</b>\n\n[a](javascript:alert(1)) <img src=x onerror=y>\n"
    (tmp_path / "hostile.md").write_text(hostile, encoding="utf-8")
    monkeypatch.setattr("builder.pages.help.DOCS", tmp_path)

    made = document("hostile")

    assert not re.search(r"<(script|img|a|b)\b", made["lead"] + made["body"])
    assert "&lt;script&gt;" in made["lead"]


def _keys_of(text: str) -> set[str]:
    return {key.lower().replace("−", "-") for key in re.findall(r"<kbd>([^<]+)</kbd>", text)}


def test_every_key_of_the_canvas_is_listed(site: Site) -> None:
    """Ui.md 4.1: /help/shortcuts shows the list that ? shows, and it names every key that does something."""
    script = (ROOT / "static/js/canvas/keyboard.js").read_text(encoding="utf-8")
    tables = re.findall(r"^const (?:PLAIN|EDITING|WITH_CONTROL|CONTROL_EDITING) = \{(.*?)^\};", script, re.M | re.S)
    keys = {key.strip('" ').lower() or "space" for body in tables for key in re.findall(r"^  (\S+|\" \"):", body, re.M)}
    same = {"=": "+", "backspace": "delete"}  # other keys for what is listed

    answer = site.client("viewer").get("/help/shortcuts").content.decode()
    listed = _keys_of((ROOT / "templates/builder/_canvas_keys.html").read_text(encoding="utf-8"))

    assert len(keys) > 20
    assert {same.get(key, key) for key in keys} - listed == set()
    assert listed | {"ctrl", "k", "esc", "←", "shift", "alt"} == listed
    assert listed <= _keys_of(answer)


def test_the_keys_of_pages_are_listed(site: Site) -> None:
    """What drawers, dialogs and menus listen to."""
    page = _page(site, "shortcuts")

    assert "Ctrl + Enter Save the open drawer" in page
    assert "Esc Close the drawer, dialog or menu on top" in page


def test_help_asks_for_a_sign_in(site: Site) -> None:
    """Nothing is shown to nobody; everybody else may read help."""
    for name in ("triggering", "shortcuts"):
        assert site.client("nobody").get(f"/help/{name}").headers["Location"].startswith("/login")
        assert site.client("stranger").get(f"/help/{name}").status_code == 200
        assert site.client("stranger").post(f"/help/{name}").status_code == 405
