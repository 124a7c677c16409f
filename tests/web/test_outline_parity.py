"""The parity test of ui.md, section 7: whatever a command can do, the outline does with buttons and forms only.

Each way begins at the outline's page and follows what that page offers; none of them needs a script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from builder.commands import NAMES
from builder.spec import StageRoute
from tests.web.conftest import Site
from tests.web.forms import Answer, Form, forms_in

Json = Any
Changes = dict[str, str | list[str]]

# Where the cards of the canvas stand means nothing on a page without cards.
CANVAS_ALONE = {"place", "tidy"}


class Person:
    """An editor whose browser has no script: pages, links, buttons and forms."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._client = site.client("editor")
        self._home = f"/w/{site.workflow('Review').pk}"

    def outline(self) -> Answer:
        """The page that everything begins at."""
        return self._client.get(f"{self._home}/outline")

    def press(self, label: str) -> None:
        """Press a button of the outline."""
        found = re.findall(r"name=\"json\" value='([^']*)' aria-label=\"([^\"]*)\"", self.outline().content.decode())
        body = next(body for body, words in found if unescape(words) == label)
        form = next(
            form for form in forms_in(self.outline()) if form.action.endswith("/commands") and "do" not in form.sent
        )
        assert self._client.post(form.action, {**form.sent, "json": unescape(body)}).status_code == 303

    def send(self, do: str, **changes: str) -> None:
        """Fill in and send a form of the outline."""
        wanted = {name: [value] for name, value in changes.items() if name == "stage"}
        form = next(
            form
            for form in forms_in(self.outline())
            if form.sent.get("do") == [do] and all(form.sent.get(name) == value for name, value in wanted.items())
        )
        assert self._client.post(form.action, form.with_changes(dict(changes))).status_code == 303

    def open(self, address: str, **query: str) -> Form:
        """Follow a button of the outline to a drawer; its form."""
        offered = [form for form in forms_in(self.outline()) if form.method == "get" and form.action == address]
        with_query = [form for form in offered if all(form.sent.get(name) == [value] for name, value in query.items())]
        assert with_query, f"the outline leads nowhere to {address} {query}"
        page = self._client.get(address, query)
        return next(form for form in forms_in(page) if form.method == "post" and form.action.startswith(address))

    def change(self, form: Form, **pressed: str) -> Form:
        """Press a button of a drawer that changes its form only."""
        page = self._client.post(form.action, form.with_changes(dict(pressed)))
        path = form.action.split("?")[0]
        return next(form for form in forms_in(page) if form.method == "post" and form.action.startswith(path))

    def save(self, form: Form, changes: Changes) -> None:
        """Save a drawer."""
        answer = self._client.post(form.action, form.with_changes(changes))
        assert answer.status_code == 302, answer.content.decode()

    def stage(self, name: str = "Look") -> str:
        """The address of a stage's drawer."""
        return f"/drawers/stages/{self.site.stage(name).pk}"

    def names(self) -> list[str]:
        """The stages, in order."""
        return list(self.site.workflow("Review").stages.values_list("name", flat=True))


def _add_stage(person: Person) -> None:
    person.send("add_stage", name="New")
    assert person.names()[-1] == "New"


def _update_stage(person: Person) -> None:
    person.save(person.open(person.stage()), {"name": "Check", "mode": "sequence"})
    assert person.site.spec("Check").mode == "sequence"


def _move_stage(person: Person) -> None:
    person.press("Move Look up")
    assert person.names() == ["Look", "Draft", "Archive"]


def _delete(person: Person) -> None:
    person.press("Delete Archive")
    assert person.names() == ["Draft", "Look"]
    assignment = person.site.assignment("Ben").pk
    person.save(person.open(f"/drawers/assignments/{assignment}"), {"delete": "1"})
    assert [each.agent for each in person.site.spec().assignments] == ["Ada"]


def _assign_agent(person: Person) -> None:
    person.send("assign_agent", stage=str(person.site.stage("Archive").pk), agent="Ada")
    assert [each.agent for each in person.site.spec("Archive").assignments] == ["Ada"]


def _update_assignment(person: Person) -> None:
    form = person.open(f"/drawers/assignments/{person.site.assignment().pk}")
    person.save(form, {"capabilities": ["decide_outcome"], "fallback_agent": "Ben", "on_failure": "continue"})
    stored = person.site.assigned()
    assert (stored.capabilities, stored.fallback_agent, stored.on_failure) == (("decide_outcome",), "Ben", "continue")


def _move_assignment(person: Person) -> None:
    person.save(person.open(f"/drawers/assignments/{person.site.assignment().pk}"), {"order": "2"})
    assert [each.agent for each in person.site.spec().assignments] == ["Ben", "Ada"]
    elsewhere: Changes = {"stage": str(person.site.stage("Archive").pk)}
    person.save(person.open(f"/drawers/assignments/{person.site.assignment().pk}"), elsewhere)
    assert [each.agent for each in person.site.spec("Archive").assignments] == ["Ada"]


def _add_outcome(person: Person) -> None:
    form = person.change(person.open(person.stage("Draft"), tab="routing"), add="1")
    person.save(form, {"row-0-name": "again", "row-0-goes_to": "end"})
    assert person.site.spec("Draft").routes == {"again": StageRoute(stage="end")}


def _set_outcomes(person: Person) -> None:
    person.save(person.open(person.stage(), tab="routing"), {"row-0-name": "ship", "default_outcome": "row-0"})
    assert (person.site.spec().outcomes[0], person.site.spec().default_outcome) == ("ship", "ship")


def _reroute(person: Person) -> None:
    form = person.open(f"{person.stage()}/outcome", label="reject")
    person.save(form, {"row-0-goes_to": "end"})
    assert person.site.spec().routes["reject"] == StageRoute(stage="end")


def _remove_outcome(person: Person) -> None:
    _set_hooks(person)
    person.save(person.open(f"{person.stage()}/outcome", label="revise"), {"delete": "1"})
    assert person.site.spec().outcomes == ("approve", "reject")


def _set_hooks(person: Person) -> None:
    form = person.change(person.open(person.stage(), tab="hooks"), **{"hooks-do": "remove 0"})
    form = person.change(form, **{"add-entry-kind": "wait", "hooks-do": "add entry"})
    person.save(form, {"hook-0-seconds": "5"})
    assert [hook.kind for hook in person.site.spec().entry_hooks] == ["wait"]
    assert person.site.spec().exit_hooks == ()


def _update_workflow(person: Person) -> None:
    form = person.open(f"/drawers/workflows/{person.site.workflow('Review').pk}")
    person.save(form, {"description": "New.", "input_schema": '{"type": "string"}'})
    workflow = person.site.workflow("Review")
    assert (workflow.description, workflow.input_schema) == ("New.", {"type": "string"})


def _paste(person: Person) -> None:
    link = re.search(r'href="(/w/\d+/copy[^"]*)"', person.outline().content.decode())
    assert link
    copied = person.site.client("editor").get(unescape(link[1])).content.decode()
    person.send("paste", text=json.dumps({**json.loads(copied)}))
    assert len(person.names()) == 6


def _undo(person: Person) -> None:
    _add_stage(person)
    person.send("undo")
    assert person.names() == ["Draft", "Look", "Archive"]


def _redo(person: Person) -> None:
    _undo(person)
    person.send("redo")
    assert person.names()[-1] == "New"


def _restore(person: Person) -> None:
    person.press("Delete Archive")
    workflow = person.site.workflow("Review").pk
    assert f'href="/w/{workflow}/history"' in person.outline().content.decode()
    history = person.site.client("editor").get(f"/w/{workflow}/history")
    form = next(form for form in forms_in(history) if form.sent.get("do") == ["restore"])
    person.site.client("editor").post(form.action, form.sent)
    assert person.names() == ["Draft", "Look", "Archive"]


WAYS: dict[str, Callable[[Person], None]] = {
    "add_stage": _add_stage,
    "update_stage": _update_stage,
    "move_stage": _move_stage,
    "delete": _delete,
    "assign_agent": _assign_agent,
    "update_assignment": _update_assignment,
    "move_assignment": _move_assignment,
    "add_outcome": _add_outcome,
    "set_outcomes": _set_outcomes,
    "reroute": _reroute,
    "remove_outcome": _remove_outcome,
    "set_hooks": _set_hooks,
    "update_workflow": _update_workflow,
    "paste": _paste,
    "undo": _undo,
    "redo": _redo,
    "restore": _restore,
}


@pytest.mark.parametrize("do", [name for name in NAMES if name not in CANVAS_ALONE])
def test_every_command_is_given_by_buttons_and_forms_alone(site: Site, do: str) -> None:
    """Ui.md, section 7: the parity test."""
    assert do in WAYS, f"nothing on the outline gives the command {do}"

    WAYS[do](Person(site))
