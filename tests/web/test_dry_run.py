"""Dry runs from a browser: the dialog, the marks, and which routes were ever taken (issue 3, deliver 6)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.models import WorkflowVersion
from runs.advance import claim
from runs.effects.agent_turn import carry_out
from runs.exercised import routes_of
from runs.models import WorkflowRun
from runs.store import delete_finished
from tests.web.conftest import HTMX, Site, text_of
from tests.web.forms import Answer as Response
from tests.web.forms import Form, form_in

LOOK = 1  # the index of the stage Look


def _address(site: Site, workflow: str = "Review") -> str:
    return f"/w/{site.workflow(workflow).pk}/dry-run"


def _form(site: Site, workflow: str = "Review") -> Form:
    return form_in(site.client("operator").get(_address(site, workflow), headers=HTMX))


def _post(site: Site, changes: dict[str, str | list[str]], workflow: str = "Review") -> Response:
    form = _form(site, workflow)
    return site.client("operator").post(form.action, form.with_changes(changes), headers=HTMX)


def _played(site: Site, answer: Response) -> WorkflowRun:
    """The run that the dialog has started, carried on by the worker's loop, without its threads."""
    assert answer.status_code == 204, answer.content.decode()
    run = WorkflowRun.objects.get(pk=answer.headers["HX-Redirect"].rsplit("/", 1)[-1])
    for _ in range(10):  # it calls its children, and they wake it
        for one in WorkflowRun.objects.filter(dry__isnull=False, finished_at=None).order_by("-number"):
            _work(one)
    run.refresh_from_db()
    return run


def _work(run: WorkflowRun) -> None:
    outcome = claim(run.pk)
    while outcome is not None and outcome.step is not None:
        outcome = carry_out(outcome.step)


def _taken(site: Site, workflow: str = "Review") -> list[str]:
    return [one.outcome for one in routes_of(site.workflow(workflow)) if one.taken]


def test_the_dialog_asks_for_every_choice_and_starts_a_dry_run(site: Site) -> None:
    """Outcomes by stage and visit, the fate of what is triggered, the gates; the run says that it is dry."""
    form = _form(site)
    assert form.choices[f"outcome-{LOOK}"] == ["approve", "reject", "revise"]
    assert form.choices[f"later-{LOOK}"] == ["", "approve", "reject", "revise"]
    assert form.choices["child-0"] == ["complete", "fail", "run"]
    assert form.choices["gates"] == ["answer", "ask"]

    answer = _post(site, {f"outcome-{LOOK}": "revise", f"later-{LOOK}": "reject", "input": "Go."})
    run = _played(site, answer)

    assert (run.status, run.dry is not None, run.origin, run.input) == ("completed", True, "manual", "Go.")
    visits = list(run.stage_runs.order_by("entry").values_list("name", "outcome"))
    assert visits == [("Draft", None), ("Look", "revise"), ("Draft", None), ("Look", "reject"), ("Archive", None)]


def test_a_mocked_child_gets_what_was_typed(site: Site) -> None:
    """A JSON object becomes a structured result; a failure is continued after (rule 4.3)."""
    run = _played(site, _post(site, {"child-text-0": '{"url": "x"}'}))
    child = WorkflowRun.objects.filter(parent=run).first()
    assert child is not None
    assert child.result == {"kind": "structured", "value": {"url": "x"}}

    failed = _played(site, _post(site, {"child-0": "fail", "child-text-0": "No disk."}))
    assert failed.status == "completed"
    assert any("No disk." in warning["message"] for warning in failed.warnings)


def test_what_stand_ins_say_is_typed_as_json(site: Site) -> None:
    """What the fields do not ask for is in one field more."""
    plan = '{"stages": {"Look": {"results": {"title": "Spring"}}}}'

    run = _played(site, _post(site, {"plan": plan, f"outcome-{LOOK}": "reject"}))

    assert run.values["results"]["title"] == "Spring"


@pytest.mark.parametrize(
    ("typed", "field", "word"),
    [
        ({f"outcome-{LOOK}": "gone"}, f"outcome-{LOOK}", "one of"),
        ({"child-text-0": "{nothing"}, "child-text-0", "JSON"),
        ({"child-0": "explode"}, "child-text-0", "choose"),
        ({"plan": "{"}, "plan", "JSON"),
        ({"plan": '{"stages": {"Nowhere": {}}}'}, "plan", "no such stage"),
        ({"plan": '{"stage": {}}'}, "plan", "unknown field"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_the_work_is_kept(
    site: Site, typed: dict[str, str | list[str]], field: str, word: str
) -> None:
    """Bad input: an inline message at the field, nothing is started."""
    before = WorkflowRun.objects.count()
    answer = _post(site, {"input": "Kept.", **typed})

    assert answer.status_code == 422
    form = form_in(answer)
    assert word.lower() in form.invalid[field].lower()
    assert form.sent["input"] == ["Kept."]
    assert WorkflowRun.objects.count() == before


def test_fields_of_the_input_schema_keep_their_messages(site: Site) -> None:
    """Rule 1.5: input that does not fit is refused with the field, in a dry run too."""
    answer = _post(site, {"input-title": "Hello", "input-count": "12"}, "Typed")

    assert answer.status_code == 422
    assert "input-count" in form_in(answer).invalid
    assert _post(site, {"input-title": "Hello", "input-count": "3"}, "Typed").status_code == 204


def test_choices_made_for_an_older_workflow_are_not_misread(site: Site) -> None:
    """Two editors: the indexes of the fields mean other stages after a change."""
    answer = _post(site, {"version": "1000000"})

    assert answer.status_code == 422
    assert "changed meanwhile" in text_of(answer)


def test_a_second_click_starts_nothing_more_and_strangers_see_nothing(site: Site) -> None:
    """Rule 1.4; rule 12.4."""
    form = _form(site)
    client = site.client("operator")
    first, second = (client.post(form.action, form.sent, headers=HTMX) for _ in range(2))

    assert first.headers["HX-Redirect"] == second.headers["HX-Redirect"]
    assert site.client("stranger").get(_address(site)).status_code == 404
    assert site.client("viewer").get(_address(site)).status_code == 403


def test_dry_runs_are_marked_wherever_they_are_shown(site: Site) -> None:
    """Issue 3: marked as such everywhere; statistics do not count them."""
    run = _played(site, _post(site, {"gates": "ask"}))
    client = site.client("operator")
    workflow = site.workflow("Review")

    assert run.status == "waiting"
    pages = [f"/r/{run.pk}", f"/p/{site.project.slug}/runs?kind=dry", f"/w/{workflow.pk}/runs", "/approvals"]
    pages += [f"/a/{run.gates.get().pk}", f"/p/{site.project.slug}"]
    for page in pages:
        assert "Dry run" in text_of(client.get(page)), page
    assert "Dry run" not in text_of(client.get(f"/r/{site.run.pk}"))
    assert f"#{run.number}" not in text_of(client.get(f"/p/{site.project.slug}/runs?kind=earnest"))
    listed = text_of(client.get(f"/p/{site.project.slug}"))
    assert f"#{site.run.number}" in listed


def test_without_a_script_the_dialog_is_a_page(site: Site) -> None:
    """House: every form works without a script."""
    client = site.client("operator")
    page = client.get(_address(site))
    form = form_in(page, _address(site))

    assert "<title>Dry run of Review" in page.content.decode()
    answer = client.post(form.action, form.sent)
    assert (answer.status_code, answer.headers["Location"].startswith("/r/")) == (302, True)
    builder = text_of(client.get(f"/w/{site.workflow('Review').pk}/outline"))
    assert "Dry run" in builder


def test_a_route_counts_as_taken_once_a_run_has_followed_it(site: Site) -> None:
    """Routes never exercised by any run are shown; runs in earnest and dry runs count, and an equal route of a later
    version too."""
    assert _taken(site) == []
    _played(site, _post(site, {f"outcome-{LOOK}": "revise", f"later-{LOOK}": "reject"}))
    assert _taken(site) == ["reject", "revise"]

    site.client("owner").post(f"/a/{site.gate.pk}/answer", {"option": "Yes"})
    assert _taken(site) == ["approve", "reject", "revise"]

    stage = site.workflow("Review").stages.get(name="Look")
    client = site.client("editor")
    command = {"do": "reroute", "stage": stage.pk, "label": "reject", "route": {"stage": "end"}}
    assert client.post(f"/w/{site.workflow('Review').pk}/commands", command, "application/json").status_code == 200
    assert _taken(site) == ["approve", "revise"]
    told = client.get(f"/w/{site.workflow('Review').pk}/routes?as=json").json()["routes"]
    assert {(each["stage"], each["outcome"]): each["taken"] for each in told} == {
        ("Look", "approve"): True,
        ("Look", "reject"): False,
        ("Look", "revise"): True,
    }
    shown = text_of(client.get(f"/w/{site.workflow('Review').pk}/routes"))
    assert "1 of 3 routes were never taken" in shown
    assert "Never taken: reject → End the workflow" in shown


def test_the_question_costs_the_same_however_many_runs_there_are(site: Site) -> None:
    """Issue 3: a query that does not grow with the number of runs."""
    workflow = site.workflow("Review")
    with CaptureQueriesContext(connection) as asked:
        routes_of(workflow)

    assert len(asked) <= 3
    assert not any("runs_stagerun" in query["sql"] or "runs_workflowrun" in query["sql"] for query in asked)


def test_stand_ins_are_forgotten_with_their_runs(site: Site) -> None:
    """Pruning leaves the versions of workflows, and those that a run still shows."""
    _played(site, _post(site, {f"outcome-{LOOK}": "reject"}))
    versions = set(WorkflowVersion.objects.filter(workflow__isnull=False).values_list("pk", flat=True))
    assert WorkflowVersion.objects.filter(workflow=None).exists()

    delete_finished(timezone.now())

    assert set(WorkflowVersion.objects.values_list("pk", flat=True)) == versions
