"""The templates of new workflows: sound as they are, and put into a project without touching what is there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.models import Agent
from builder.checks import check_stored
from builder.errors import AlreadyThere
from builder.layout import CARD_HEIGHT, CARD_WIDTH, CHIP_HEIGHT
from builder.models import Edit, Workflow
from builder.operations.beginning import begin_workflow
from builder.operations.placing import places_of
from builder.project_file import export_project
from builder.reading import read_workflow
from builder.spec import WorkflowRoute
from builder.starters import STARTERS, free_names, renamed, starter
from projects.access import Caller
from projects.errors import Invalid
from projects.models import Project
from projects.names import name_key
from projects.operations import create_project

CHILDREN = {"orchestrator": ("Sales Figures", "Customer Voices", "Market News"), "deploy": ("Deployment",)}


@pytest.fixture
def empty(ana: Caller) -> Project:
    """A new project: no agents, no workflows, no model."""
    return create_project(ana, "Empty")


@pytest.mark.parametrize("model", [None, "scripted", "openai:gpt-5-mini"])
@pytest.mark.parametrize("template", STARTERS)
def test_a_template_passes_its_check(ana: Caller, empty: Project, template: str, model: str | None) -> None:
    """Issue 3, item 5: neither a problem nor a warning, on the project's model or, where it has none, on scripts."""
    Project.objects.filter(pk=empty.pk).update(default_model=model)
    empty.refresh_from_db()

    main = begin_workflow(ana, empty, "Mine", template)

    assert main.name == "Mine"
    made = list(Workflow.objects.filter(project=empty))
    assert {one.name for one in made} == {"Mine", *CHILDREN.get(template, ())}
    for one in made:
        findings = check_stored(one)
        assert (findings.problems, findings.warnings) == ([], []), one.name
    models = set(Agent.objects.filter(project=empty).values_list("model", flat=True))
    assert models == ({None} if model else {"scripted"})


def test_the_templates_show_what_their_names_promise() -> None:
    """Issue 3, item 5: the five templates by their parts."""
    report, review, deploy, router, orchestrator = (starter(key).main for key in STARTERS)

    assert [stage.name for stage in report.stages] == ["Research", "Analysis", "Report"]
    assert set(review.stages[1].exit_hooks[0].model_dump()["options"].values()) == {"approve", "revise", "reject"}
    assert router.stages[0].default_outcome == "general"
    assert len(orchestrator.stages[0].assignments[0].allowed_workflows) == 3
    route = deploy.stages[0].routes["approve"]
    assert isinstance(route, WorkflowRoute)
    assert (route.workflow, route.continue_at) == ("Deployment", "Announce")


@pytest.mark.parametrize("template", [None, *STARTERS])
def test_the_history_begins_with_how_it_was_made(ana: Caller, empty: Project, template: str | None) -> None:
    """Issue 3, item 4: every change is an edit; a new workflow's first one says where it came from."""
    main = begin_workflow(ana, empty, "Mine", template)

    (edit,) = Edit.objects.filter(workflow=main)
    assert (edit.number, edit.revision, edit.user, edit.kind) == (1, 1, ana.user, "create")
    said = "Created the workflow" if template is None else f"Created from the template “{starter(template).title}”"
    assert edit.summary == said
    assert main.current_version is not None


@pytest.mark.parametrize("template", STARTERS)
def test_a_second_one_gets_names_that_are_free(ana: Caller, empty: Project, template: str) -> None:
    """Its references, scripts and directives name its own parts, and what was there before stays as it was."""
    begin_workflow(ana, empty, "First", template)
    before = export_project(empty)

    second = begin_workflow(ana, empty, "Second", template)

    after = export_project(empty)
    assert after.agents[: len(before.agents)] == before.agents
    assert after.workflows[: len(before.workflows)] == before.workflows
    agents, workflows = after.agents[len(before.agents) :], after.workflows[len(before.workflows) :]
    assert [one.name for one in agents] == [f"{one.name} 2" for one in before.agents]
    assert [one.name for one in workflows] == ["Second", *(f"{one} 2" for one in starter(template).others)]
    text = "".join(one.model_dump_json() for one in (*agents, *workflows))
    for name in starter(template).others:
        assert text.count(f"{name} 2") == text.count(name) > 1
    findings = check_stored(second)
    assert (findings.problems, findings.warnings) == ([], [])


def test_a_template_may_be_called_like_what_it_brings(ana: Caller, empty: Project) -> None:
    """The name that a person chose wins; the triggered workflow steps aside."""
    main = begin_workflow(ana, empty, "Market News", "orchestrator")

    allowed = read_workflow(main.pk).stages[0].assignments[0].allowed_workflows
    assert allowed == ("Sales Figures", "Customer Voices", "Market News 2")


def test_taken_and_impossible_names_leave_nothing_behind(ana: Caller, website: Project) -> None:
    """Interfaces 2: names are unique without case; trust.md: no unprintable characters."""
    agents = Agent.objects.count()

    for template in (None, "orchestrator"):
        with pytest.raises(AlreadyThere):
            begin_workflow(ana, website, "mAIN", template)
        for name in ("", "x" * 101, "a\u202eb", "zero\u200bwidth"):
            with pytest.raises(Invalid) as refused:
                begin_workflow(ana, website, name, template)
            assert [detail.path for detail in refused.value.details] == ["name"]
    with pytest.raises(Invalid) as refused:
        begin_workflow(ana, website, "Fine", "../demo/demo")
    assert [detail.path for detail in refused.value.details] == ["template"]

    assert Workflow.objects.filter(project=website).count() == 3
    assert Agent.objects.count() == agents


def test_the_router_is_drawn_as_one(ana: Caller, empty: Project) -> None:
    """Its ways stand one above the other, between the stage that sorts and the one in which they meet again."""
    places = places_of(begin_workflow(ana, empty, "Mine", "router"))

    (sort, *ways, reply) = (places[stage.name, ""] for stage in starter("router").main.stages)
    assert len({x for x, _ in ways}) == 1
    assert sort[0] + CARD_WIDTH < ways[0][0] < reply[0] - CARD_WIDTH
    assert all(lower[1] - upper[1] > CARD_HEIGHT + CHIP_HEIGHT for upper, lower in pairwise(sorted(ways)))


def test_free_names_count_on() -> None:
    """The first number that is free, also among the wanted ones, and never over the limit of names."""
    long = "x" * 100

    found = free_names(["Ada", "Ben", long], {"ada", "ada 2", name_key(long)})

    assert found == {"Ada": "Ada 3", "Ben": "Ben", long: f"{'x' * 88} 2"}


def test_names_are_replaced_where_they_stand_alone() -> None:
    """A longer name wins over one that it holds; what was put in is not looked at again; keys stay."""
    names = {"Ada": "Ben", "Ben": "Ada", "Ada Two": "Cy", "Same": "Same"}

    assert renamed({"Ada": ["Ada, Ada Two and Adam", 'workflows["Ben"]', 1]}, names) == {
        "Ada": ["Ben, Cy and Adam", 'workflows["Ada"]', 1]
    }
