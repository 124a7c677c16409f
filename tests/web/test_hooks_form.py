"""The Hooks tab of the stage drawer, and the drawer of one hook: every kind with its fields, and mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from builder.canonical import block_of
from builder.models import Hook
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer, Form, form_in

Json = Any
Changes = dict[str, str | list[str]]
GATE = {
    "kind": "approval",
    "name": "Second look",
    "message": "Sure?",
    "options": {"Yes": "approve", "Later": None},
    "channels": ["inbox", "email"],
    "deadline": {"after": 3600, "outcome": "reject"},
    "reminders": [60, 120.5],
    "approvers": ["owner", "editor"],
    "quorum": 2,
    "starter_may_answer": False,
    "output_key": "second",
    "when": {"path": "results.score", "op": "gt", "value": 3},
}
KINDS: dict[str, tuple[Changes, Json]] = {
    "http": (
        {
            "method": "PUT",
            "url": "https://example.com/x",
            "headers": "X-One: 1\r\nAccept: a: b",
            "body": '{"a": [1]}',
            "timeout": "5.5",
            "effect": "pure",
            "required": "true",
            "output_key": "told",
        },
        {
            "method": "PUT",
            "url": "https://example.com/x",
            "headers": {"X-One": "1", "Accept": "a: b"},
            "body": {"a": [1]},
            "timeout": 5.5,
            "effect": "pure",
            "required": True,
            "output_key": "told",
        },
    ),
    "telegram": ({"to": "@ops", "message": "Done"}, {"to": "@ops", "message": "Done", "required": False}),
    "slack": ({"to": "#ops", "message": "Line\r\nbreak"}, {"to": "#ops", "message": "Line\nbreak"}),
    "email": ({"to": "ops@example.com", "message": "x"}, {"to": "ops@example.com", "message": "x"}),
    "wait": ({"seconds": "90"}, {"seconds": 90, "until": None}),
    "event": (
        {"type": "paid", "deadline_after": "10"},
        {"type": "paid", "deadline": {"after": 10, "outcome": None}},
    ),
    "workflow": (
        {"workflow": "Publish", "input": '{"a": "{{input}}"}'},
        {"workflow": "Publish", "input": {"a": "{{input}}"}},
    ),
}  # fmt: skip


def _address(site: Site, stage: str = "Look") -> str:
    return f"/drawers/stages/{site.stage(stage).pk}"


def _form(site: Site, who: str = "editor", stage: str = "Look") -> Form:
    return form_in(site.client(who).get(f"{_address(site, stage)}?tab=hooks", headers=HTMX))


def _post(site: Site, form: Form, changes: Changes, who: str = "editor") -> Answer:
    return site.client(who).post(form.action, form.with_changes(changes), headers=HTMX)


def _added(site: Site, moment: str, kind: str, stage: str = "Look") -> Form:
    changes: Changes = {f"add-{moment}-kind": kind, "hooks-do": f"add {moment}"}
    return form_in(_post(site, _form(site, stage=stage), changes))


def _hooks(site: Site, moment: str = "exit", stage: str = "Look") -> list[Json]:
    return list(block_of(site.spec(stage))[f"{moment}_hooks"])


def test_saving_without_a_change_changes_nothing(site: Site) -> None:
    before = (site.workflow("Review").revision, site.spec())

    assert _post(site, _form(site), {}).status_code == 200

    assert (site.workflow("Review").revision, site.spec()) == before


def test_a_gate_is_saved_with_all_its_fields_and_shown_again_as_it_was_typed(site: Site) -> None:
    """Rules 7.1, 7.2 and 7.4: options with their outcomes, channels, deadline, reminders, approvers, quorum."""
    form = _added(site, "exit", "approval")
    assert form.sent["hook-1-options"] == ["3"]
    assert form.sent["hook-1-option-0-label"] == ["Approve"]
    changes: Changes = {
        "hook-1-name": "Second look",
        "hook-1-message": "Sure?",
        "hook-1-options": "2",
        "hook-1-option-0-label": "Yes",
        "hook-1-option-0-outcome": "approve",
        "hook-1-option-1-label": "Later",
        "hook-1-option-1-outcome": "",
        "hook-1-channels": ["inbox", "email"],
        "hook-1-deadline_after": "3600",
        "hook-1-deadline_outcome": "reject",
        "hook-1-reminders": "60, 120.5",
        "hook-1-approvers": "owner, editor",
        "hook-1-quorum": "2",
        "hook-1-output_key": "second",
        "hook-1-when_op": "gt",
        "hook-1-when_path": "results.score",
        "hook-1-when_value": "3",
    }
    sent = {name: value for name, value in form.with_changes(changes).items() if name != "hook-1-starter_may_answer"}

    assert site.client("editor").post(form.action, sent, headers=HTMX).status_code == 200

    assert _hooks(site)[1] == GATE
    before = site.workflow("Review").revision
    assert _post(site, _form(site), {}).status_code == 200
    assert (_hooks(site)[1], site.workflow("Review").revision) == (GATE, before)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_hook_is_saved_with_its_fields(site: Site, kind: str) -> None:
    """Rule 7.1: the kinds of the project file, at the entry too."""
    typed, stored = KINDS[kind]
    form = _added(site, "entry", kind, stage="Draft")

    answer = _post(site, form, {f"hook-0-{name}": value for name, value in typed.items()} | {"hook-0-name": "Mine"})

    assert answer.status_code == 200, text_of(answer)
    saved = _hooks(site, "entry", "Draft")[0]
    assert saved == saved | {"kind": kind, "name": "Mine", "when": None, **stored}
    before = site.workflow("Review").revision
    assert _post(site, _form(site, stage="Draft"), {}).status_code == 200
    assert site.workflow("Review").revision == before


def test_hooks_come_move_and_go_without_being_saved(site: Site) -> None:
    before = site.workflow("Review").revision
    form = _added(site, "exit", "wait")
    form = form_in(_post(site, form, {"add-entry-kind": "event", "hooks-do": "add entry"}))
    assert [form.sent[f"hook-{n}-kind"] for n in range(3)] == [["event"], ["approval"], ["wait"]]

    form = form_in(_post(site, form, {"hooks-do": "up 2", "hook-2-seconds": "5"}))
    assert [form.sent[f"hook-{n}-kind"] for n in range(3)] == [["event"], ["wait"], ["approval"]]
    form = form_in(_post(site, form, {"hooks-do": "up 1"}))
    assert form.sent["hook-0-kind"] == ["event"], "a hook of the exit never becomes one of the entry"
    form = form_in(_post(site, form, {"hooks-do": "remove 0"}))
    form = form_in(_post(site, form, {"hooks-do": "option 1"}))
    assert form.sent["hook-1-options"] == ["4"]
    form = form_in(_post(site, form, {"hooks-do": "unoption 1 0"}))
    assert form.sent["hook-1-options"] == ["3"]
    assert form.sent["hook-1-option-0-label"] == ["No"]
    assert form.sent["hook-0-seconds"] == ["5"]
    form = form_in(_post(site, form_in(_post(site, form, {"hooks-do": "remove 1"})), {"hooks-do": "remove 0"}))
    assert form.sent["hooks"] == ["0"]
    assert site.workflow("Review").revision == before
    assert _post(site, form, {}).status_code == 200
    assert _hooks(site) == []


@pytest.mark.parametrize(
    "action",
    ["", "add", "add exit", "add nowhere wait", "up", "up x", "up 99", "remove -1", "option 0 0 0", "unoption 0"],
)
def test_a_button_that_is_none_changes_nothing(site: Site, action: str) -> None:
    answer = _post(site, _form(site), {"hooks-do": action, "add-exit-kind": "bomb"})

    assert answer.status_code == 200
    assert form_in(answer).sent["hooks"] == ["1"]


def test_every_mistake_is_told_at_its_field_and_what_was_typed_stays(site: Site) -> None:
    before = site.spec()
    changes: Changes = {
        "hook-0-message": "",
        "hook-0-name": "a\u202eb",
        "hook-0-option-1-outcome": "nowhere",
        "hook-0-option-2-label": "",
        "hook-0-channels": ["inbox", "pigeon"],
        "hook-0-deadline_after": "soon",
        "hook-0-deadline_outcome": "never",
        "hook-0-reminders": "0",
        "hook-0-quorum": "0",
        "hook-0-when_op": "maybe",
        "hook-0-when_path": "",
    }

    answer = _post(site, _form(site), changes)

    assert answer.status_code == 422
    form = form_in(answer)
    assert form.invalid["hook-0-name"].startswith("Holds a control, direction")
    assert "none of the stage" in form.invalid["hook-0-option-1-outcome"]
    assert form.invalid["hook-0-option-2-label"] == "Must not be empty"
    assert form.invalid["hook-0-deadline_after"] == "Must be a number"
    assert "none of the stage" in form.invalid["hook-0-deadline_outcome"]
    assert form.invalid["hook-0-reminders"] == "Must be at least 1"
    assert form.invalid["hook-0-quorum"] == "Must be at least 1"
    assert form.invalid["hook-0-when_op"]
    assert "Must be" in text_of(answer)
    assert form.sent["hook-0-deadline_after"] == ["soon"]
    assert form.sent["hook-0-option-1-outcome"] == ["nowhere"]
    assert site.spec() == before


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        ("http", {"url": "ftp://x", "headers": "no header"}, "headers"),
        ("http", {"url": "https://x", "headers": "A: 1\nA: 2"}, "headers"),
        ("http", {"url": "ftp://x"}, "url"),
        ("wait", {}, "seconds"),
        ("wait", {"seconds": "1", "until": "2027-01-31T09:00:00+01:00"}, "seconds"),
        ("event", {"type": ""}, "type"),
        ("workflow", {"workflow": ""}, "workflow"),
        ("approval", {"options": "2", "option-0-label": "Yes", "option-1-label": "Yes"}, "option-1-label"),
    ],
)  # fmt: skip
def test_what_a_hook_cannot_be_is_told_at_its_field(site: Site, kind: str, typed: Changes, field: str) -> None:
    form = _added(site, "exit", kind, stage="Draft")

    answer = _post(site, form, {f"hook-0-{name}": value for name, value in typed.items()})

    assert answer.status_code == 422
    assert form_in(answer).invalid[f"hook-0-{field}"]
    assert _hooks(site, stage="Draft") == []


def test_a_gate_without_options_is_told_at_the_options(site: Site) -> None:
    answer = _post(site, _form(site), {"hook-0-options": "0"})

    assert answer.status_code == 422
    assert 'id="hook-0-options-error"' in answer.content.decode()


def test_an_outcome_and_the_gate_that_leads_to_it_are_saved_together(site: Site) -> None:
    """A new outcome, a renamed one and one that goes, each with the gate's options, in one save."""
    new: Changes = {"rows": "4", "row-3-name": "hold", "row-3-goes_to": "next", "hook-0-option-2-outcome": "hold"}
    assert _post(site, _form(site), new).status_code == 200
    assert _hooks(site)[0]["options"]["Again"] == "hold"

    renamed: Changes = {"row-0-name": "publish", "hook-0-message": "Now?"}
    assert _post(site, _form(site), renamed).status_code == 200
    assert _hooks(site)[0]["options"]["Yes"] == "publish"

    form = form_in(_post(site, _form(site), {"remove": "3"}))
    assert _post(site, form, {"hook-0-option-2-outcome": ""}).status_code == 200
    assert _hooks(site)[0]["options"]["Again"] is None
    assert "hold" not in site.spec().outcomes


# The drawer of one hook


def _hook_address(site: Site) -> str:
    return f"/drawers/hooks/{Hook.objects.get(stage=site.stage()).pk}"


def _hook_form(site: Site, who: str = "editor") -> Form:
    return form_in(site.client(who).get(_hook_address(site), headers=HTMX))


def test_a_gate_has_a_drawer_of_its_own(site: Site) -> None:
    form = _hook_form(site)
    assert form.sent["hook-0-name"] == ["Sign off"]

    added = form_in(_post(site, form, {"hooks-do": "option 0", "hook-0-message": "Typed"}))
    changes: Changes = {"hook-0-option-3-label": "Maybe", "hook-0-option-3-outcome": "revise"}
    assert _post(site, added, changes).status_code == 200

    gate = _hooks(site)[0]
    assert gate["message"] == "Typed"
    assert gate["options"] == {"Yes": "approve", "No": "reject", "Again": "revise", "Maybe": "revise"}


def test_a_gates_drawer_tells_mistakes_and_conflicts(site: Site) -> None:
    form = _hook_form(site)
    refused = _post(site, form, {"hook-0-quorum": "0", "hook-0-message": "Typed"})
    assert refused.status_code == 422
    assert form_in(refused).invalid["hook-0-quorum"] == "Must be at least 1"
    assert form_in(refused).sent["hook-0-message"] == ["Typed"]
    assert _post(site, _form(site, "owner"), {"name": "Renamed"}, who="owner").status_code == 200

    answer = _post(site, form, {"hook-0-message": "Typed"})

    assert answer.status_code == 409
    assert 'aria-label="This was changed by owner"' in answer.content.decode()
    assert "message Typed" in text_of(answer)
    assert _post(site, form_in(answer), {"keep": "mine"}).status_code == 200
    assert block_of(site.spec("Renamed"))["exit_hooks"][0]["message"] == "Typed"


def test_a_hook_is_removed_and_can_be_had_back(site: Site) -> None:
    answer = _post(site, _hook_form(site), {"delete": "1"})

    assert "Removed Sign off." in text_of(answer)
    assert 'value="undo"' in answer.content.decode()
    assert _hooks(site) == []


def test_who_may_not_edit_cannot_change_a_hook(site: Site) -> None:
    address, form = _hook_address(site), _hook_form(site, "viewer")
    assert "hook-0-message" in form.fixed
    for role, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        assert site.client(role).post(address, form.with_changes({"delete": "1"}), headers=HTMX).status_code == status
    assert site.client("stranger").get(address).status_code == 404
    assert site.client("editor").get("/drawers/hooks/987654").status_code == 404
    assert len(_hooks(site)) == 1
