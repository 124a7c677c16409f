"""The agents page of a project, and the drawer that creates, edits and deletes an agent."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from builder.models import Assignment
from builder.operations.agents import create_agent, patch_agent
from builder.operations.beginning import begin_workflow
from builder.reading import agent_spec
from projects.access import Caller
from projects.models import Member
from projects.operations import create_project
from tests.web.conftest import HTMX, ROLES, Site, text_of
from tests.web.forms import Answer, Form, form_in

LIST = "/p/website/agents"
NEW = f"{LIST}/new"


def _agent(name: str) -> Agent:
    return Agent.objects.select_related("project").get(project__slug="website", name=name)


def _address(name: str) -> str:
    return f"{LIST}/{_agent(name).pk}"


def _form(site: Site, address: str, who: str = "editor") -> Form:
    return form_in(site.client(who).get(address, headers=HTMX), LIST)


def _post(site: Site, address: str, changes: dict[str, str | list[str]], who: str = "editor") -> Answer:
    return site.client(who).post(address, _form(site, address, who).with_changes(changes), headers=HTMX)


def _owner(site: Site) -> Caller:
    return Caller(Member.objects.select_related("user").get(project=site.project, role="owner").user)


def test_the_list_says_who_they_are_and_where_they_work(site: Site) -> None:
    """Ui.md 3: role, model, used in."""
    create_agent(_owner(site), site.project, {"name": "Cleo", "model": "openai:gpt-5-mini"})

    page = text_of(site.client("viewer").get(LIST))

    assert "Ada Writer Default: scripted Review" in page
    assert "Ben None Default: scripted Review" in page
    assert "Cleo None openai:gpt-5-mini Nowhere yet" in page
    assert "New agent" not in page


def test_the_number_of_queries_does_not_grow_with_the_agents(site: Site) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert site.client("owner").get(LIST).status_code == 200
        return len(asked)

    few = count()
    for number in range(20):
        create_agent(_owner(site), site.project, {"name": f"Agent {number}"})

    assert count() == few


def test_every_tab_of_the_project_is_on_every_page(site: Site) -> None:
    for page in ("", "/agents", "/runs"):
        body = site.client("viewer").get(f"/p/website{page}").content.decode()
        for tab in ("/p/website", "/p/website/agents", "/p/website/runs"):
            assert f'<a href="{tab}"' in body
        assert body.count('aria-current="page">') == 2  # the tab, and the breadcrumb


def test_an_agent_is_created_with_all_that_the_file_knows(site: Site) -> None:
    """Interfaces 2: role, perspective, model, fallback_model, script, subagent_script."""
    answer = _post(
        site,
        NEW,
        {
            "name": "Cleo",
            "role": "Reviewer",
            "perspective": "You doubt.\r\nAlways.",
            "model": " scripted ",
            "fallback_model": "openai:gpt-5-mini",
            "script": "- say: I have read it.\r\n  when: {path: visit, op: gt, value: 1}\r\n- decide: approve",
            "subagent_script": '[{"say": "{{task.name}}"}]',
        },
    )

    assert answer.status_code == 200
    assert "Created Cleo" in text_of(answer)
    assert "Cleo" in text_of(answer)
    made = agent_spec(_agent("Cleo"))
    assert (made.role, made.perspective) == ("Reviewer", "You doubt.\nAlways.")
    assert (made.model, made.fallback_model) == ("scripted", "openai:gpt-5-mini")
    assert [step.say or step.decide for step in made.script] == ["I have read it.", "approve"]
    assert made.subagent_script[0].say == "{{task.name}}"


def test_saving_what_is_shown_changes_nothing(site: Site) -> None:
    before = (agent_spec(_agent("Ada")), _agent("Ada").version)

    assert _post(site, _address("Ada"), {}).status_code == 200

    assert (agent_spec(_agent("Ada")), _agent("Ada").version) == before


def test_a_new_name_follows_in_every_assignment(site: Site) -> None:
    """References follow a new name, so that nobody has to mend them."""
    assert _post(site, _address("Ada"), {"name": "Ada Lovelace"}).status_code == 200

    assert site.assigned("Ada Lovelace").agent == "Ada Lovelace"


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("name", "", "must not be empty"),
        ("name", "ben", "There is already an agent called 'ben' in this project."),
        ("name", "a\u202eb", "control, direction"),
        ("name", "Zero\u200bwidth", "unprintable"),
        ("name", "n" * 10_240, "longer than 100 characters"),
        ("model", "m" * 300, "at most 200"),
        ("model", "open\u0007ai", "printable"),
        ("script", "- say: [1", "line 2, column 1"),
        ("script", "- say: Hello\n- sya: Oops", "Line 2, sya: unknown field"),
        ("script", '[{"say": "a"},\n {"say": 3}]', "Line 2, say: must be text"),
        ("script", "false", "must be a list"),
        ("script", "say: alone", "must be a list"),
        ("script", "- &a {say: x}\n- *a", "anchors are not taken"),
        ("script", "[" * 60 + "]" * 60, "nested deeper than 32"),
        ("subagent_script", "- fail: soon", "Line 1, fail: must be"),
        ("perspective", "NUL \x00", "cannot be stored"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_typed_stays(site: Site, field: str, typed: str, told: str) -> None:
    """Issue 3, bad input: an inline message at the field, the work kept."""
    before = agent_spec(_agent("Ada"))

    answer = _post(site, _address("Ada"), {field: typed, "role": "Kept"})

    assert answer.status_code in (409, 422)
    form = form_in(answer, LIST)
    assert set(form.invalid) == {field}
    assert told.lower() in form.invalid[field].lower()
    assert form.sent["role"] == ["Kept"]
    assert form.sent[field] == [typed.replace("\n", "\r\n")]
    assert agent_spec(_agent("Ada")) == before

    mended = {field: {"name": "Ada", "script": "- say: Hi"}.get(field, "")}
    assert site.client("editor").post(form.action, form.with_changes({**mended}), headers=HTMX).status_code == 200
    assert _agent("Ada").role == "Kept"


def test_all_problems_of_a_script_are_told_with_their_lines(site: Site) -> None:
    answer = _post(site, NEW, {"name": "Cleo", "script": "- sya: a\n- say: 1\n" + "- nothing: x\n" * 20})

    told = form_in(answer, LIST).invalid["script"]
    assert "Line 1, sya: unknown field" in told
    assert "Line 2, say: must be text" in told
    assert "more" in told
    assert not Agent.objects.filter(name="Cleo").exists()


def test_markup_in_an_agent_is_text(site: Site) -> None:
    evil = '<img src=x onerror="alert(1)"></textarea><script>alert(1)</script>'
    assert _post(site, NEW, {"name": "<b>Cleo</b>", "role": evil, "perspective": evil}).status_code == 200

    for address in (LIST, _address("<b>Cleo</b>")):
        body = site.client("viewer").get(address).content.decode()
        assert "<img" not in body
        assert "<script>" not in body
        assert "&lt;b&gt;Cleo" in body


def test_the_second_of_two_editors_sees_both_and_decides(site: Site) -> None:
    """Ui.md 4.4 and check 11, for agents."""
    mine = _form(site, _address("Ada"))
    patch_agent(_owner(site), _agent("Ada"), {"role": "Editor", "perspective": "Theirs."})

    answer = site.client("editor").post(mine.action, mine.with_changes({"role": "Mine"}), headers=HTMX)

    assert answer.status_code == 409
    page = text_of(answer)
    assert "This was changed by somebody else" in page
    assert "Role Yours Mine Theirs (somebody else" in page
    assert _agent("Ada").role == "Editor"
    kept = form_in(answer, LIST).with_changes({"keep": "mine"})
    assert site.client("editor").post(mine.action, kept, headers=HTMX).status_code == 200
    assert (_agent("Ada").role, _agent("Ada").perspective) == ("Mine", "Theirs.")


def test_an_agent_that_is_assigned_is_not_deleted_and_the_drawer_says_where(site: Site) -> None:
    """Issue 3, item 5: "used by", so that deleting says whom it touches."""
    address = _address("Ada")
    page = text_of(site.client("editor").get(address, headers=HTMX))
    assert "Used by Review: Look" in page
    assert "Delete" not in page

    answer = _post(site, address, {"delete": "1", "role": "Kept"})

    assert answer.status_code == 409
    assert "Ada cannot be deleted while it is assigned." in text_of(answer)
    assert form_in(answer, LIST).sent["role"] == ["Kept"]
    assert _agent("Ada").pk


def test_an_agent_that_is_nowhere_is_deleted(site: Site) -> None:
    Assignment.objects.filter(agent__name="Ada").delete()
    address = _address("Ada")

    answer = _post(site, address, {"delete": "1"})

    assert answer.status_code == 200
    assert "Deleted Ada." in text_of(answer)
    assert site.client("editor").get(address).status_code == 404


def test_readers_read_and_strangers_learn_nothing(site: Site) -> None:
    """Interfaces 5 and rule 12.4: a viewer reads, an editor edits, foreign is the same as missing."""
    address = _address("Ada")
    for role in ROLES:
        answer = site.client(role).get(f"{LIST}?drawer=agent:{_agent('Ada').pk}")
        assert "You are brief." in text_of(answer)
        assert ("Save" in text_of(answer)) is (role in ("editor", "owner"))
    for who, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        for place in (address, NEW):
            assert site.client(who).post(place, {"name": "Taken"}, headers=HTMX).status_code == status
    assert site.client("viewer").get(NEW).status_code == 403
    for place in (LIST, NEW, address):
        answer = site.client("stranger").get(place)
        assert answer.status_code == 404
        assert text_of(answer) == text_of(site.client("stranger").get(place.replace("website", "nothing")))
    assert site.client("nobody").get(LIST).status_code == 302


def test_an_agent_of_another_project_is_not_found_here(site: Site) -> None:
    other = create_agent(_owner(site), create_project(_owner(site), "Other"), {"name": "Foreign"})
    create_agent(_owner(site), site.project, {"name": str(other.pk)})

    for method in ("get", "post"):
        answer = getattr(site.client("owner"), method)(f"{LIST}/{other.pk}")
        assert answer.status_code == 404


def test_without_a_script_the_drawer_stands_on_the_page(site: Site) -> None:
    client = site.client("editor")
    page = client.get(NEW)
    assert "<h1>Agents</h1>" in page.content.decode()

    refused = client.post(NEW, form_in(page, LIST).with_changes({"name": ""}))
    assert refused.status_code == 422
    assert "<h1>Agents</h1>" in refused.content.decode()
    answer = client.post(NEW, form_in(refused, LIST).with_changes({"name": "Cleo"}), follow=True)

    assert "Created Cleo" in text_of(answer)
    assert form_in(client.get(_address("Cleo")), LIST).sent["name"] == ["Cleo"]


def test_a_drawer_that_nobody_can_open_is_left_out(site: Site) -> None:
    for wanted in ("agent:999999", "agent:new", "stage:1", "agent:x", "agent:" + "9" * 40):
        assert 'role="dialog"' not in site.client("viewer").get(LIST, {"drawer": wanted}).content.decode()
    assert "New agent" in text_of(site.client("editor").get(LIST, {"drawer": "agent:new"}))


def test_the_drawer_says_when_a_model_cannot_be_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 2.6: the project's default counts where the agent names none."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    patch_agent(_owner(site), _agent("Ada"), {"model": "openai:gpt-5-mini"})

    assert "set OPENAI_API_KEY" in text_of(site.client("editor").get(_address("Ada"), headers=HTMX))
    assert "OPENAI_API_KEY" not in text_of(site.client("editor").get(_address("Ben"), headers=HTMX))


def test_whoever_came_from_the_builder_has_a_way_back(site: Site) -> None:
    """Ui.md, page map: an agent is made on the way to a workflow; the way back is there before and after, with htmx and
    without, and after a mistake."""
    workflow, browser = site.workflow("Review"), site.client("editor")
    link = f'<a class="back" href="/w/{workflow.pk}">'
    builder = browser.get(f"/w/{workflow.pk}").content.decode()
    start = f"{LIST}?drawer=agent:new&from={workflow.pk}"
    assert f'href="{start.replace("&", "&amp;")}"' in builder

    page = browser.get(start)
    assert page.content.decode().count(link) == 2  # over the list, and in the drawer, which may hide it
    assert "Back to Review" in text_of(page)
    form = form_in(page, NEW)
    assert form.action == f"{NEW}?from={workflow.pk}"
    wrong = browser.post(form.action, form.with_changes({"name": ""}), headers=HTMX)
    assert (wrong.status_code, wrong.content.decode().count(link)) == (422, 1)
    made = browser.post(form.action, form.with_changes({"name": "Cleo"}))
    assert made.headers["Location"] == f"{LIST}?from={workflow.pk}"
    assert browser.get(made.headers["Location"]).content.decode().count(link) == 1


@pytest.mark.parametrize("wrong", ["0", "x", "https://evil.example", "//evil.example", "9" * 30, "9" * 18, "", "-1"])
def test_there_is_a_way_back_to_workflows_of_this_project_alone(site: Site, wrong: str) -> None:
    """Bad input: the address carries no address, and names nothing that its reader may not see."""
    other = create_project(_owner(site), "Other")
    foreign = begin_workflow(_owner(site), other, "Elsewhere", None)
    for who, asked in (("editor", wrong), ("editor", str(foreign.pk)), ("owner", str(foreign.pk))):
        page = site.client(who).get(LIST, {"drawer": "agent:new", "from": asked})
        assert page.status_code == 200
        assert 'class="back"' not in page.content.decode()
        assert form_in(page, NEW).action == NEW
