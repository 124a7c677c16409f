"""Whatever somebody types into whatever field: a page answers, the work is kept, and nothing of it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import transaction

from builder.models import Hook
from tests.web.conftest import HTMX, Site
from tests.web.forms import Answer, Form, forms_in

_MARKUP = '<b onclick="x">bad</b>'
_TEXTS = {
    "markup": _MARKUP,
    "right to left": "a\u202eb",
    "control characters, long": "Bell \x07 and NUL \x00" + "n" * 10_240,
}
_INPUT = re.compile(r"<input\b[^>]*>")


def _pages(site: Site) -> list[str]:
    look, workflow, agent = site.stage(), site.workflow("Review"), site.assignment()
    hook = Hook.objects.get(stage=look)
    return [
        "/",
        "/p/website/workflows/new",
        "/p/website/agents/new",
        f"/p/website/agents/{agent.agent_id}",
        "/p/website/settings",
        "/p/website/import",
        f"/w/{workflow.pk}/outline",
        f"/w/{workflow.pk}/connect?stage={look.pk}",
        f"/w/{site.workflow('Typed').pk}/run",
        f"/w/{workflow.pk}/run",
        f"/w/{workflow.pk}/dry-run",
        f"/drawers/stages/{look.pk}",
        f"/drawers/stages/{look.pk}/outcome?label=approve",
        f"/drawers/stages/{look.pk}/target?label=approve",
        f"/drawers/assignments/{agent.pk}",
        f"/drawers/hooks/{hook.pk}",
        f"/drawers/workflows/{workflow.pk}",
        f"/r/{site.run.pk}/message",
        f"/a/{site.gate.pk}",
        f"/a/{site.gate.pk}/links",
    ]


def _not_typed(page: str) -> set[str]:
    """The names of inputs that hold something without being typed into."""
    tags = [tag for tag in _INPUT.findall(page) if re.search('type="(hidden|radio|file)"', tag)]
    return {name for tag in tags for name in re.findall('name="([^"]*)"', tag)}


def _forms(site: Site) -> Iterator[tuple[str, Form, list[str]]]:
    """Every page's and every drawer's forms, each with the fields in which one types."""
    for page in _pages(site):
        answer = site.client("owner").get(page, headers=HTMX if "/drawers/" in page else {})
        assert answer.status_code == 200, page
        others = _not_typed(answer.content.decode())
        for form in forms_in(answer):
            fields = [name for name in form.sent if name not in form.choices and name not in others]
            if fields and form.method == "post":
                yield page, form, fields


def _sent(site: Site, page: str, form: Form, changes: dict[str, str | list[str]]) -> Answer:
    """The form sent, and what it did taken back."""
    with transaction.atomic():
        answer: Answer = site.client("owner").post(form.action or page, form.with_changes(changes))
        transaction.set_rollback(True)
    return answer


def _complaints(answer: Answer, form: Form, fields: list[str], text: str) -> Iterator[str]:
    page = answer.content.decode(errors="replace")
    if answer.status_code not in (200, 204, 302, 303, 422):
        yield f"answered {answer.status_code}"
    if _MARKUP in page:
        yield "took it for markup"
    again = next((each for each in forms_in(answer) if set(each.sent) == set(form.sent)), None)
    if answer.status_code != 422 or (again is None and 'role="alert"' in page):
        return
    if again is None or not (again.invalid or 'role="alert"' in page):
        yield "says nowhere why"
    elif again.sent[fields[0]][0].strip() != text.replace("\n", "\r\n"):
        yield f"lost what was typed: {again.sent[fields[0]][0]:.40}"


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_every_form_answers_every_text(site: Site, text: str) -> None:
    """Issue 3, bad input: an inline message at the field, the work kept."""
    found = [
        f"{page} {form.action}: {told}"
        for page, form, fields in _forms(site)
        for told in _complaints(_sent(site, page, form, dict.fromkeys(fields, text)), form, fields, text)
    ]
    assert found == []
