"""Dry runs, the pure part: from a definition and a plan to stand-ins (issue 3, deliver 6)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from builder.dry import (
    ChildPlan,
    DryPlan,
    Named,
    StagePlan,
    choices,
    gate_option,
    mocked,
    problems_of,
    stand_in,
    targets,
)
from builder.dry.samples import sample
from builder.schemas import misfits
from builder.spec import AgentSpec, FrozenVersion, StageSpec, WorkflowSpec

Json = Any

GATE = {"kind": "approval", "message": "Fine?", "options": {"Approve": "approve", "Revise": "revise"}}


def _version(*stages: Json, **workflow: Json) -> FrozenVersion:
    names = {one["agent"] for stage in stages for one in stage.get("assignments", [])}
    agents = tuple(AgentSpec(name=name, model="openai:none", fallback_model="x:y") for name in sorted(names))
    block = {"name": "Main", "stages": list(stages), **workflow}
    return FrozenVersion(workflow=TypeAdapter(WorkflowSpec).validate_python(block), agents=agents)


def _stage(**block: Json) -> StageSpec:
    return StageSpec.model_validate({"name": "Look", **block})


DECIDES = {"agent": "Ada", "capabilities": ["decide_outcome"]}
CALLS = {"agent": "Ada", "capabilities": ["trigger_workflows"]}


def test_no_stand_in_asks_a_provider_and_only_gates_are_carried_out() -> None:
    """Issue 3: before any money is spent. Every model is the scripted one; hooks that reach outside never hold."""
    hooks = [{"kind": "slack", "message": "Hello"}, {**GATE, "channels": ["inbox", "telegram"], "quorum": 3}]
    stage = {"name": "Look", "assignments": [DECIDES], "outcomes": ["approve", "revise"], "exit_hooks": hooks}
    made = stand_in(_version(stage), {}, [])

    assert {(agent.model, agent.fallback_model) for agent in made.agents} == {("scripted", None)}
    slack, gate = made.workflow.stages[0].exit_hooks
    assert slack.when is not None
    assert (gate.channels, gate.quorum) == (("inbox",), 1)  # type: ignore[union-attr]
    assert made.workflow.stages[0].routes == _version(stage).workflow.stages[0].routes


def test_a_stand_in_says_what_its_agent_would_be_told_and_shares_what_is_expected() -> None:
    """What people wrote is no template in the script."""
    work = {"agent": "Ada", "directive": "Use {{results.plan}}.", "share": ["plan"]}
    (agent,) = stand_in(_version({"name": "Look", "task": "Check.", "assignments": [work]}), {}, []).agents
    shared, said = agent.script

    assert list(shared.share or {}) == ["plan"]
    assert said.say == "Dry run: the stand-in of Ada would be told: Check. / Use { {results.plan}}."


def test_the_outcomes_of_the_visits_are_decided_in_their_order() -> None:
    """The last of the plan counts for all later visits."""
    stage = {"name": "Look", "assignments": [DECIDES], "outcomes": ["approve", "revise"]}
    plan = {"Look": StagePlan(outcomes=("revise", "approve"))}
    decided = stand_in(_version(stage), plan, []).agents[0].script[0].together or ()

    assert [(step.decide, step.when.op, step.when.value) for step in decided if step.when] == [
        ("revise", "eq", 1),
        ("approve", "gt", 1),
    ]


@pytest.mark.parametrize(
    ("block", "can"),
    [
        ({"outcomes": ["approve", "revise"], "exit_hooks": [GATE]}, ["approve", "revise"]),
        ({"outcomes": ["b", "a"], "assignments": [DECIDES]}, ["b", "a"]),
        ({"outcomes": ["a", "error"], "assignments": [{"agent": "Ada"}]}, ["error"]),
        ({"outcomes": ["a"], "assignments": [{"agent": "Ada"}]}, []),
        ({}, []),
    ],
)
def test_what_can_be_chosen_is_what_somebody_can_decide(block: Json, can: list[str]) -> None:
    """Rule 3.2: the gate, the agent that decides; `error` where agents can fail (rule 2.8)."""
    assert choices(_stage(**block)) == can


def test_gates_take_the_chosen_option_else_the_first_and_never_loop_for_ever() -> None:
    """Rule 2.9 lets people loop as often as they like; a plan is no person."""
    stage = _stage(outcomes=["approve", "revise"], exit_hooks=[GATE], max_visits=2)

    assert gate_option(stage, "exit", 0, [], 1) == "Approve"
    assert gate_option(stage, "exit", 0, ["revise", "approve"], 1) == "Revise"
    assert [gate_option(stage, "exit", 0, ["revise"], visit) for visit in (1, 2, 3, 4)] == [
        "Revise",
        "Revise",
        "Revise",
        "Approve",
    ]


def test_a_gate_at_the_entry_lets_the_agents_start() -> None:
    """Rule 7.2: an option without an outcome does; one with an outcome has to be chosen."""
    gate = {"kind": "approval", "message": "Go?", "options": {"Stop": "stop", "Go": None}}
    stage = _stage(outcomes=["stop"], entry_hooks=[gate])

    assert gate_option(stage, "entry", 0, [], 1) == "Go"
    assert gate_option(stage, "entry", 0, ["stop"], 1) == "Stop"


@pytest.mark.parametrize(
    ("assignment", "script", "plan", "told"),
    [
        ({}, (), {}, []),
        ({"directive": "Then start write report."}, (), {}, ["Write report"]),
        ({"allowed_workflows": ["Publish"]}, (), {}, ["Publish"]),
        ({}, ({"trigger_workflow": {"workflow": "publish"}},), {}, ["Publish"]),
        ({"allowed_workflows": ["Publish"]}, (), {"Look": {"triggers": {"Ada": []}}}, []),
        ({}, (), {"Look": {"triggers": {"Ada": ["Write report", "Publish"]}}}, ["Write report", "Publish"]),
    ],
)
def test_a_stand_in_triggers_what_its_agent_is_told_to(
    assignment: Json, script: Json, plan: Json, told: list[str]
) -> None:
    """The plan, else the script of a scripted agent, else the names in its texts, else its allow-list."""
    version = _version({"name": "Look", "assignments": [{**CALLS, **assignment}]})
    agents = (AgentSpec.model_validate({"name": "Ada", "script": script}),)
    version = version.model_copy(update={"agents": agents})
    plans = {name: StagePlan.model_validate(block) for name, block in plan.items()}

    assert targets(version, plans, [Named("Publish"), Named("Write report")]) == told


def test_a_context_fits_the_schema_of_what_is_triggered() -> None:
    """Rule 1.5: the child's input is checked, in a dry run too."""
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 3}}}
    version = _version({"name": "Look", "assignments": [{**CALLS, "allowed_workflows": ["Publish"]}]})
    step = stand_in(version, {}, [Named("Publish", schema)]).agents[0].script[0]

    assert [call.trigger_workflow.context for call in step.together or () if call.trigger_workflow] == [{"n": 3}]


def test_a_mock_answers_with_the_plan_and_keeps_the_input_schema() -> None:
    """A caller that brings what the workflow refuses is refused by its mock too."""
    version = _version({"name": "Look"}, input_schema={"type": "object"}, output_schema={"type": "object"})
    made = mocked(version, ChildPlan(result={"url": "{{input}}"}))

    assert made.workflow.input_schema == {"type": "object"}
    assert made.agents[0].script[0].share == {"url": "{ {input}}"}
    assert mocked(version, ChildPlan(do="fail", error="No disk.")).agents[0].script[0].reason == "No disk."


def test_every_problem_of_a_plan_is_told_with_its_place() -> None:
    """Bad input: all problems at once, each with its path."""
    stage = {"name": "Look it up", "assignments": [{"agent": "Ada"}], "outcomes": ["a"]}
    plan = DryPlan.model_validate(
        {
            "stages": {
                "Nowhere": {},
                "Look it up": {"outcomes": ["a"], "says": {"Eve": "Hi"}, "triggers": {"Ada": ["Gone"]}},
            },
            "workflows": {"Gone": {}, "Publish": {"do": "fail", "result": "x"}},
        }
    )
    found = problems_of(_version(stage), plan, {"publish": _version({"name": "Go"})}, [Named("Publish")])

    assert [detail.path for detail in found] == [
        "plan.stages.Nowhere",
        'plan.stages["Look it up"].outcomes[0]',
        'plan.stages["Look it up"].says.Eve',
        'plan.stages["Look it up"].triggers.Ada',
        'plan.stages["Look it up"].triggers.Ada[0]',
        "plan.workflows.Gone",
        "plan.workflows.Publish.result",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 9},
        {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
        {"type": ["null", "string"]},
        {"enum": [3, 4]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "number", "exclusiveMinimum": 0}}},
        {"anyOf": [{"type": "integer", "maximum": -2}, {"type": "string"}]},
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"const": 1}}},
    ],
)
def test_a_sample_fits_its_schema(schema: Json) -> None:
    """Mocks and contexts that nobody wrote fit what is asked for."""
    assert misfits(schema, sample(schema), "sample") == []
