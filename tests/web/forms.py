"""Forms as a browser without a script sees them: what they hold, and what they would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol

Attributes = dict[str, str | None]


class Answer(Protocol):
    """What the test client answers."""

    status_code: int
    headers: Any

    @property
    def content(self) -> bytes: ...


@dataclass
class Form:
    """One form: what it would send, and the names of fields that cannot be changed."""

    action: str
    method: str
    sent: dict[str, list[str]] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)  # fields marked as wrong, and the text that says why

    def with_changes(self, changes: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        """What would be sent after `changes`."""
        return {**self.sent, **changes}


class _Reader(HTMLParser):
    """Reads the forms of a page; what waits in a template is not there yet."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.texts: dict[str, str] = {}  # by the id of their element
        self._templates = 0
        self._disabled: list[bool] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._textarea: tuple[str, str] | None = None
        self._described: list[tuple[Form, str, str]] = []
        self._told: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "template":
            self._templates += 1
        if self._templates:
            return
        if (held.get("id") or "").endswith("-error"):
            self._told = str(held["id"])
        if tag == "form":
            self.forms.append(Form(held.get("action") or "", held.get("method") or "get"))
        elif tag == "fieldset":
            self._disabled.append("disabled" in held)
        elif tag == "option" and self._select is not None:
            self._select[1].append((held.get("value") or "", "selected" in held))
        elif self.forms and held.get("name") and tag in ("input", "select", "textarea"):
            self._control(tag, str(held["name"]), held)

    def _control(self, tag: str, name: str, held: Attributes) -> None:
        form = self.forms[-1]
        if any(self._disabled) or "readonly" in held or "disabled" in held:
            form.fixed.add(name)
        if "disabled" in held and tag == "input":
            return  # a browser does not send it
        if held.get("aria-invalid") == "true":
            self._described.append((form, name, str(held.get("aria-describedby"))))
        if tag == "select":
            self._select = (name, [])
        elif tag == "textarea":
            self._textarea = (name, "")
        elif held.get("type") not in ("checkbox", "radio") or "checked" in held:
            self._keep(name, held.get("value") or "")
        if held.get("type") == "checkbox":
            form.choices.setdefault(name, []).append(held.get("value") or "")

    def _keep(self, name: str, value: str) -> None:
        if not any(self._disabled):
            self.forms[-1].sent.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._templates -= 1
        elif self._templates:
            return
        elif tag == "fieldset":
            self._disabled.pop()
        elif tag == "p":
            self._told = None
        elif tag == "select" and self._select is not None:
            name, options = self._select
            self.forms[-1].choices[name] = [value for value, _ in options]
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            if chosen:
                self._keep(name, chosen[-1])
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            name, text = self._textarea
            self._keep(name, text.removeprefix("\n").replace("\n", "\r\n"))
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea = (self._textarea[0], self._textarea[1] + data)
        if self._told is not None:
            self.texts[self._told] = self.texts.get(self._told, "") + data

    def finish(self) -> list[Form]:
        """The forms, with the texts of their problems."""
        for form, name, ids in self._described:
            form.invalid[name] = " ".join(self.texts.get(one, "") for one in ids.split()).strip()
        return self.forms


def form_in(response: Answer, action: str = "") -> Form:
    """The form of a page that posts to `action` (the first one that edits or starts, where it is left out)."""
    wanted = (action,) if action else ("/drawers/", "/w/")
    return next(form for form in forms_in(response) if form.method == "post" and form.action.startswith(wanted))


def forms_in(response: Answer) -> list[Form]:
    """All forms of a page, in their order."""
    reader = _Reader()
    reader.feed(response.content.decode())
    return reader.finish()
