"""The settings of a project: its own fields, its members, its tokens, and its end."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent
from builder.models import Workflow
from projects.models import ApiToken, AuditEntry, Member, Project
from tests.web.conftest import HTMX, ROLES, Site, text_of
from tests.web.forms import Answer, Form, forms_in

PAGE = "/p/website/settings"
_FORMS = ("save", "add_member", "set_role", "remove_member", "create_token", "revoke_token")


def _form(answer: Answer, what: str) -> Form:
    """The form of the page that does this."""
    return next(form for form in forms_in(answer) if form.sent.get("do") == [what])


def _post(site: Site, what: str, changes: dict[str, str | list[str]], who: str = "owner") -> Answer:
    form = _form(site.client(who).get(PAGE), what)
    return site.client(who).post(PAGE, form.with_changes(changes))


def _do(site: Site, fields: dict[str, str], who: str = "owner", *, htmx: bool = False) -> Answer:
    return site.client(who).post(PAGE, fields, headers=HTMX if htmx else {})


def _roles(site: Site) -> dict[str, str]:
    return dict(Member.objects.filter(project=site.project).values_list("user__username", "role"))


def test_every_member_reads_the_settings_and_strangers_learn_nothing(site: Site) -> None:
    """Interfaces 5 and rule 12.4; the tokens are for owners."""
    for role in ROLES:
        page = text_of(site.client(role).get(PAGE))
        assert "Default model" in page
        assert "stranger" not in page
        assert ("Save settings" in page) is (role in ("editor", "owner"))
        assert ("API tokens" in page) is (role == "owner")
        assert ("Delete this project" in page) is (role == "owner")
    missing = site.client("stranger").get("/p/nothing/settings")
    assert text_of(site.client("stranger").get(PAGE)) == text_of(missing)
    assert site.client("nobody").get(PAGE).status_code == 302


@pytest.mark.parametrize("what", _FORMS)
def test_nobody_does_more_than_their_role(site: Site, what: str) -> None:
    """Interfaces 5: an editor changes definitions, an owner also members and tokens."""
    before = (_roles(site), Project.objects.get(pk=site.project.pk).name, ApiToken.objects.count())
    fields = {"do": what, "name": "Taken", "seen-name": "Website", "user": "viewer", "role": "owner", "scope": "admin"}

    answers = {who: _do(site, fields, who).status_code for who in ("stranger", "viewer", "operator", "editor")}

    assert answers["stranger"] == 404
    assert {answers["viewer"], answers["operator"]} == {403}
    if what != "save":
        assert answers["editor"] == 403
        assert before == (_roles(site), Project.objects.get(pk=site.project.pk).name, ApiToken.objects.count())


def test_name_and_default_model_are_saved_and_the_address_stays(site: Site) -> None:
    answer = _post(site, "save", {"name": "Our site", "default_model": " openai:gpt-5-mini "}, "editor")

    assert answer.status_code == 302
    project = Project.objects.get(slug="website")
    assert (project.name, project.default_model) == ("Our site", "openai:gpt-5-mini")
    assert not Workflow.objects.filter(project=project).exclude(current_version=None).exists()
    page = text_of(site.client("editor").get(PAGE))
    assert "Saved the settings" in page

    assert _post(site, "save", {"default_model": ""}, "editor").status_code == 302
    assert Project.objects.get(slug="website").default_model is None


def test_a_description_stands_with_the_name_and_not_in_the_file(site: Site) -> None:
    assert _post(site, "save", {"description": " What we <b>sell</b>.\nAnd why. "}, "editor").status_code == 302

    assert Project.objects.get(slug="website").description == "What we <b>sell</b>.\nAnd why."
    for address in ("/", "/p/website"):
        assert "What we &lt;b&gt;sell&lt;/b&gt;." in site.client("viewer").get(address).content.decode()
    assert "What we" not in site.client("owner").get("/p/website/export").content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("description", "d" * 501),
        ("description", "Bell \x07"),
        ("description", "NUL \x00"),
        ("name", ""),
        ("name", " "),
        ("name", "a\u202eb"),
        ("name", "Zero\u200bwidth"),
        ("name", "n" * 10_240),
        ("name", "NUL \x00"),
        ("default_model", "m" * 201),
        ("default_model", "open\u0007ai"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_the_work_is_kept(site: Site, field: str, typed: str) -> None:
    """Issue 3, bad input."""
    other = {"name": "Kept"} if field == "default_model" else {"default_model": "scripted:kept"}

    answer = _post(site, "save", {**other, field: typed})

    assert answer.status_code == 422
    form = _form(answer, "save")
    assert set(form.invalid) == {field}
    assert form.invalid[field]
    assert {name: form.sent[name] for name in other} == {name: [value] for name, value in other.items()}
    assert Project.objects.get(slug="website").name == "Website"


def test_both_mistakes_are_told_at_once(site: Site) -> None:
    assert set(_form(_post(site, "save", {"name": "", "default_model": "\t \x07"}), "save").invalid) == {
        "name",
        "default_model",
    }


def test_nobody_takes_back_what_somebody_else_saved_without_seeing_it(site: Site) -> None:
    """Ui.md 4.4: never silent; both values are in view, neither is lost."""
    mine = _form(site.client("editor").get(PAGE), "save")
    assert _post(site, "save", {"name": "Theirs", "default_model": "openai:theirs"}).status_code == 302

    answer = site.client("editor").post(PAGE, mine.with_changes({"name": "Mine"}))

    assert answer.status_code == 409
    form = _form(answer, "save")
    assert "Theirs" in form.invalid["name"]
    assert form.sent["name"] == ["Mine"]
    assert Project.objects.get(slug="website").name == "Theirs"
    assert site.client("editor").post(PAGE, form.with_changes({})).status_code == 302
    project = Project.objects.get(slug="website")
    assert (project.name, project.default_model) == ("Mine", "openai:theirs")


# Members


def test_a_member_is_added_changed_and_removed(site: Site) -> None:
    assert _post(site, "add_member", {"user": " stranger ", "role": "operator"}).status_code == 302
    assert _roles(site)["stranger"] == "operator"
    assert site.client("stranger").get(PAGE).status_code == 200

    changed = _do(site, {"do": "set_role", "user": "stranger", "role": "editor"}, htmx=True)
    assert changed.status_code == 200
    assert "stranger is editor now" in changed.headers["HX-Trigger"]
    assert _roles(site)["stranger"] == "editor"

    assert _do(site, {"do": "remove_member", "user": "stranger"}, htmx=True).status_code == 200
    assert "stranger" not in _roles(site)
    assert site.client("stranger").get(PAGE).status_code == 404
    assert list(AuditEntry.objects.values_list("action", flat=True)).count("member.set") == 2


@pytest.mark.parametrize("typed", ["", "nobody-here", "n" * 10_240, "a\u202eb", "<b>x</b>", "NUL\x00", "viewer"])
def test_who_cannot_be_added_is_told_at_the_field(site: Site, typed: str) -> None:
    """A member that is there already is not changed by adding: not by mistake either."""
    before = _roles(site)

    answer = _post(site, "add_member", {"user": typed, "role": "owner"})

    assert answer.status_code == 422
    form = _form(answer, "add_member")
    assert form.invalid["user"]
    assert (form.sent["user"], form.sent["role"]) == ([typed], ["owner"])
    assert "<b>x" not in answer.content.decode()
    assert _roles(site) == before


def test_an_unknown_role_is_refused(site: Site) -> None:
    assert set(_form(_post(site, "add_member", {"user": "stranger", "role": "king"}), "add_member").invalid) == {"role"}
    assert _do(site, {"do": "set_role", "user": "viewer", "role": "king"}).status_code == 422
    assert _roles(site)["viewer"] == "viewer"


@pytest.mark.parametrize("what", ["set_role", "remove_member"])
def test_the_last_owner_stays(site: Site, what: str) -> None:
    answer = _do(site, {"do": what, "user": "owner", "role": "viewer"}, htmx=True)

    assert answer.status_code == 409
    assert "A project needs an owner; this is its last one." in text_of(answer)
    assert _roles(site)["owner"] == "owner"


def test_an_owner_may_go_when_there_is_another(site: Site) -> None:
    assert _do(site, {"do": "set_role", "user": "editor", "role": "owner"}).status_code == 302

    answer = _do(site, {"do": "remove_member", "user": "owner"}, htmx=True)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")
    assert site.client("owner").get(PAGE).status_code == 404
    demoted = _do(site, {"do": "add_member", "user": "owner", "role": "viewer"}, "editor")
    assert demoted.status_code == 302


# Tokens


def test_a_token_is_shown_once_and_works_for_this_project_only(site: Site) -> None:
    """Trust P22: kept as a digest only."""
    answer = _post(site, "create_token", {"name": "Nightly report", "scope": "read", "days": "30"})

    found = re.search(r"baton_[0-9a-f]{12}_[\w-]{43}", answer.content.decode())
    assert answer.status_code == 200
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    again = site.client("owner").get(PAGE)
    assert found[0] not in again.content.decode()
    assert "Nightly report" in text_of(again)
    bearer = {"Authorization": f"Bearer {found[0]}"}
    assert Client().get("/api/v1/projects/website", headers=bearer).status_code == 200
    assert Client().patch("/api/v1/projects/website", "{}", "application/json", headers=bearer).status_code == 403

    row = ApiToken.objects.get(name="Nightly report")
    assert row.expires_at is not None
    revoked = _do(site, {"do": "revoke_token", "token": row.public_id}, htmx=True)
    assert revoked.status_code == 200
    assert "No token yet" in text_of(revoked)
    assert Client().get("/api/v1/projects/website", headers=bearer).status_code == 401
    acts = AuditEntry.objects.filter(action__startswith="token.").values_list("action", "actor", "object")
    assert list(acts.order_by("pk")) == [("token.created", "owner", "website"), ("token.revoked", "owner", "website")]


def test_a_token_needs_a_name_and_known_choices(site: Site) -> None:
    answer = _post(site, "create_token", {"name": "", "scope": "root", "days": "-1"})

    assert answer.status_code == 422
    assert set(_form(answer, "create_token").invalid) == {"name", "scope", "days"}
    for name in ("n" * 10_240, "a\u202eb", "NUL\x00"):
        assert _form(_post(site, "create_token", {"name": name}), "create_token").invalid["name"]
    assert not ApiToken.objects.exists()


def test_a_token_of_another_project_is_not_revoked_here(site: Site) -> None:
    other = Project.objects.create(name="Other", name_key="other", slug="other")
    user = User.objects.get(username="stranger")
    row = ApiToken.objects.create(public_id="0123456789ab", digest="x", user=user, project=other)

    assert _do(site, {"do": "revoke_token", "token": row.public_id}).status_code == 302

    row.refresh_from_db()
    assert row.revoked_at is None


# The end


def test_a_project_is_deleted_by_who_types_its_name_once_its_runs_have_ended(site: Site) -> None:
    """Trust F22: a delete needs that no run is open."""
    address = "/p/website/delete"
    for who, status in (("stranger", 404), ("viewer", 403), ("editor", 403)):
        assert site.client(who).post(address, {"name": "Website"}).status_code == status
    wrong = site.client("owner").post(address, {"name": "website?"})
    assert wrong.status_code == 422
    assert "Type the name of the project, Website" in text_of(wrong)
    busy = site.client("owner").post(address, {"name": "Website"})
    assert busy.status_code == 409
    assert "One run of this project has not ended; cancel it first." in text_of(busy)

    assert site.client("owner").post(f"/r/{site.run.pk}/cancel").status_code == 302
    answer = site.client("owner").post(address, {"name": "Website"}, follow=True)

    assert "Deleted the project Website" in text_of(answer)
    assert not Project.objects.filter(slug="website").exists()
    assert not Agent.objects.exists()


def test_a_form_that_the_page_does_not_have_is_refused(site: Site) -> None:
    assert _do(site, {"do": "everything"}).status_code == 422
    assert site.client("owner").get("/p/website/delete").headers["Location"] == PAGE
