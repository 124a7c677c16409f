"""What a person is told of a workflow before it runs, and what this version does not run yet."""

from __future__ import annotations

from typing import Any

import pytest

from builder.checks import check_stored, unsupported
from builder.models import Workflow
from builder.operations import patch_workflow
from builder.project_file import import_project
from builder.spec import FrozenVersion
from projects.access import Caller

APPROVAL = {"kind": "approval", "message": "?", "options": {"Yes": "yes", "No": "no"}}


def _findings(caller: Caller, *workflows: dict[str, Any], **file: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The problems and warnings of the first workflow, by path."""
    project = {"name": "Checked", "default_model": file.pop("default_model", "scripted")}
    agents = file.pop("agents", [{"name": "Ada", "script": [{"say": "Hi"}]}])
    import_project(caller, {"format": "baton/1", "project": project, "agents": agents, "workflows": list(workflows)})
    findings = check_stored(Workflow.objects.select_related("project").get(name=workflows[0]["name"]))
    return {d.path: d.message for d in findings.problems}, {d.path: d.message for d in findings.warnings}


def _stage(**fields: Any) -> dict[str, Any]:
    return {"name": "A", "stages": [{"name": "One", **fields}, {"name": "Two"}]}


def _calling(name: str, *targets: str) -> dict[str, Any]:
    routes = {f"o{n}": {"workflow": target, "continue_at": "end"} for n, target in enumerate(targets)}
    stage = {"name": "One", "outcomes": list(routes), "routes": routes, "default_outcome": "o0" if routes else None}
    gate = {**APPROVAL, "options": {outcome: outcome for outcome in routes}}
    return {"name": name, "stages": [{**stage, "exit_hooks": [gate] if routes else []}]}


def test_a_sound_workflow_has_nothing_to_tell(ana: Caller) -> None:
    """Interfaces 5: check lists problems and warnings, and here there are none."""
    assert _findings(ana, _stage(assignments=[{"agent": "Ada"}])) == ({}, {})


def test_an_agent_without_a_model_is_a_problem(ana: Caller) -> None:
    """Rule 2.6: names the agent and where to set the model."""
    problems, _ = _findings(
        ana,
        _stage(assignments=[{"agent": "Ada", "fallback_agent": "Ben"}]),
        agents=[{"name": "Ada"}, {"name": "Ben", "model": "gpt-5"}],
        default_model=None,
    )
    assert problems == {
        "stages[0].assignments[0].agent": "Ada has no model: set one on the agent, or the project's default model",
        "stages[0].assignments[0].fallback_agent": "Ben: 'gpt-5' is no model; write provider:model, or scripted",
    }


def test_stages_that_nothing_leads_to_are_told(ana: Caller) -> None:
    """Rule 3.4: routes and the next stage."""
    _, warnings = _findings(
        ana,
        _stage(outcomes=["yes", "no"], routes={"yes": {"stage": "end"}, "no": {"stage": "One"}}, exit_hooks=[APPROVAL]),
    )
    assert warnings == {"stages[1]": "nothing leads to Two"}


def test_outcomes_that_nobody_can_decide_are_told(ana: Caller) -> None:
    """Rule 3.2: who decides."""
    stage = _stage(outcomes=["yes", "no", "late", "lost", "error"], default_outcome="late", exit_hooks=[APPROVAL])
    _, warnings = _findings(ana, stage)
    assert warnings == {
        "stages[0].outcomes[3]": "nobody can decide 'lost': no gate offers it and no agent may decide outcomes"
    }


def test_gates_that_too_few_can_answer_are_told(ana: Caller) -> None:
    """Rule 7.4, issue 4: before a run waits for nobody. The project has one member, its owner."""
    asked: list[dict[str, Any]] = [
        {"approvers": ["gina", "lea"]},
        {"quorum": 3},
        {"starter_may_answer": False},
        {"approvers": ["editor"]},
    ]
    gates = [{**APPROVAL, "name": f"Gate {n}", **fields} for n, fields in enumerate(asked)]
    _, warnings = _findings(ana, _stage(outcomes=["yes", "no"], exit_hooks=gates))
    name = ana.user.get_username()
    assert warnings == {
        "stages[0].exit_hooks[0].approvers": (
            "nobody can answer it: no member with the role operator or higher is gina or lea"
        ),
        "stages[0].exit_hooks[1].quorum": f"it takes 3 people, and only {name} can answer it",
        "stages[0].exit_hooks[2].starter_may_answer": (
            f"too few are left when one of them starts the run: only {name} can answer it"
        ),
    }


def test_options_that_lead_nowhere_are_told(ana: Caller) -> None:
    """Rule 7.2: each option maps to an outcome."""
    gate = {**APPROVAL, "options": {"Yes": "yes", "Hm": None}, "deadline": {"after": 5}}
    _, warnings = _findings(
        ana, _stage(outcomes=["yes"], exit_hooks=[gate], entry_hooks=[{**APPROVAL, "options": {"Go": None}}])
    )
    assert set(warnings) == {"stages[0].exit_hooks[0].options.Hm", "stages[0].exit_hooks[0].deadline.outcome"}


def test_an_allow_list_without_its_switch_is_told(ana: Caller) -> None:
    """Rule 2.4: the list limits Trigger Workflows, and alone does nothing."""
    listed = {"agent": "Ada", "allowed_workflows": ["B"]}
    other = {"name": "B", "stages": [{"name": "One"}]}
    _, warnings = _findings(ana, _stage(assignments=[listed]), other)
    assert list(warnings) == ["stages[0].assignments[0].capabilities"]

    switched = {**_stage(assignments=[{**listed, "capabilities": ["trigger_workflows"]}]), "name": "C"}
    assert _findings(ana, switched, {**other, "name": "D"} | {"name": "B"})[1] == {}


def test_stages_without_a_way_to_the_end_are_told(ana: Caller) -> None:
    """Rule 3.6: a circle that only the loop guard breaks is hardly meant."""
    gate = {**APPROVAL, "options": {"Yes": "yes"}}
    circle = {"outcomes": ["yes"], "default_outcome": "yes", "exit_hooks": [gate]}
    stages = [
        {"name": "One", **circle, "routes": {"yes": {"stage": "Two"}}},
        {"name": "Two", **circle, "routes": {"yes": {"stage": "One"}}},
    ]
    _, warnings = _findings(ana, {"name": "A", "stages": stages})
    assert {path: message[:15] for path, message in warnings.items()} == {
        "stages[0]": "no way leads fr",
        "stages[1]": "no way leads fr",
    }


def test_archived_targets_are_told(ana: Caller) -> None:
    """Interfaces 2: archived targets are warnings."""
    blocks = (_calling("A", "B"), {"name": "B", "stages": [{"name": "One"}]})
    _findings(ana, *blocks)
    patch_workflow(ana, Workflow.objects.select_related("project").get(name="B"), {"archived": True})
    _, warnings = _findings(ana, *blocks)
    assert "B is archived" in warnings["stages[0].routes.o0.workflow"]


def test_a_chain_over_the_limit_is_named(ana: Caller) -> None:
    """Rule 6.4: the builder warns of chains and of self-triggering while designing; both patterns."""
    script = [
        {"together": [{"trigger_workflow": {"workflow": "D"}}, {"call": "start_workflow", "args": {"workflow": "c"}}]}
    ]
    agents = [{"name": "Ada", "script": script}]
    calling = {"agent": "Ada", "capabilities": ["trigger_workflows"]}
    third = {"name": "C", "stages": [{"name": "One", "assignments": [calling]}]}
    blocks = (_calling("A", "B", "A"), _calling("B", "C"), third, {"name": "D", "stages": [{"name": "One"}]})
    _, warnings = _findings(ana, *blocks, agents=agents)
    findings = check_stored(Workflow.objects.select_related("project").get(name="A"))
    told = [detail.message for detail in findings.warnings]
    assert "A can trigger itself, and a workflow cannot keep triggering itself" in told
    assert "the chain A > B > C > D is deeper than the limit of 3: its last start is refused" in told
    assert warnings


def test_a_circle_of_workflows_is_named(ana: Caller) -> None:
    """Rule 6.4: indirect recursion is stopped by the depth limit, and told before."""
    _, warnings = _findings(ana, _calling("A", "B"), _calling("B", "A"))
    assert warnings[""].startswith("the chain A > B > A > B is deeper")


HOOKS: dict[str, dict[str, Any]] = {
    "http": {"url": "https://example.org/"},
    "telegram": {"message": "x"},
    "slack": {"message": "x"},
    "email": {"message": "x"},
    "wait": {"seconds": 1},
    "event": {"type": "x"},
    "workflow": {"workflow": "A"},
}
UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"mode": "conversation"}, "mode"),
    ({"assignments": [{"agent": "Ada", "workflow_tools": True}]}, "assignments[0].workflow_tools"),
    ({"assignments": [{"agent": "Ada", "capabilities": ["use_subagents"]}]}, "assignments[0].capabilities[0]"),
    *(({"entry_hooks": [{"kind": kind, **fields}]}, "entry_hooks[0].kind") for kind, fields in HOOKS.items()),
]


@pytest.mark.parametrize(("fields", "place"), UNSUPPORTED, ids=[place for _, place in UNSUPPORTED])
def test_what_is_not_run_yet_is_told_with_its_place(fields: dict[str, Any], place: str) -> None:
    """Issue 2: starting a workflow that needs one of them is refused with a clear word."""
    workflow = _stage(outcomes=["yes", "no"], **fields)
    version = FrozenVersion.model_validate({"workflow": workflow, "agents": [{"name": "Ada"}]})
    assert [detail.path for detail in unsupported(version)] == [f"stages[0].{place}"]
    assert "not supported" in unsupported(version)[0].message


def test_triggers_gates_and_questions_never_stand_in_the_way() -> None:
    """Issue 2: a trigger in the definition never stops another way of starting. Issue 4, item 5: gates run whole."""
    several: dict[str, Any] = {"approvers": ["ana", "owner"], "quorum": 2, "starter_may_answer": False}
    gate = {**APPROVAL, **several, "deadline": {"after": 5, "outcome": "no"}, "reminders": [60]}
    asks = [{"agent": "Ada", "capabilities": ["ask_people"]}]
    workflow = _stage(outcomes=["yes", "no"], exit_hooks=[gate], assignments=asks)
    workflow["triggers"] = [{"kind": "webhook"}, {"kind": "schedule", "cron": "0 9 * * 1"}]
    assert unsupported(FrozenVersion.model_validate({"workflow": workflow, "agents": [{"name": "Ada"}]})) == []
