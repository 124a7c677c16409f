"""Which workflows start which, as far as that is known before they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.runtime.script import Step
from builder.checks.surroundings import Surroundings, surroundings_in
from builder.kept import PerStage
from builder.project_file import started_by
from builder.spec import AssignmentSpec, Capability, StageSpec, WorkflowSpec
from projects.models import Project
from projects.names import name_key

SCRIPTED = "scripted"
MAX_DEPTH = 3  # a start that would be this deep is refused
_STARTING_TOOLS = ("trigger_workflow", "start_workflow", "schedule_workflow")


def known_starts(project: Project) -> dict[str, list[str]]:
    """Which workflows the runs of each workflow of the project are known to start."""
    around = surroundings_in(project)
    return {name: targets_of(spec, around) for name, spec in around.workflows.items()}


def targets_of(spec: WorkflowSpec, around: Surroundings) -> list[str]:
    """The workflows that a run of `spec` is known to start; agents with a free choice are not guessed at."""
    starts = [_starts_of(stage) for stage in spec.stages]
    found = [name for names, _ in starts for name in names]
    for _, calling in starts:
        for assignment in calling:
            found.extend(_called_by(assignment, around))
    return list(dict.fromkeys(found))


@PerStage
def _starts_of(stage: StageSpec) -> tuple[tuple[str, ...], tuple[AssignmentSpec, ...]]:
    """The workflows that a stage starts by itself, and the assignments that may start others."""
    calling = (each for each in stage.assignments if each.can(Capability.TRIGGER_WORKFLOWS))
    return tuple(started_by(stage)), tuple(calling)


def _called_by(assignment: AssignmentSpec, around: Surroundings) -> Iterator[str]:
    agent = around.agents.get(assignment.agent)
    if agent is None or (agent.model or around.default_model) != SCRIPTED:
        yield from assignment.allowed_workflows
        return
    known = {name_key(name): name for name in around.workflows}
    allowed = {name_key(name) for name in assignment.allowed_workflows} or known.keys()
    for name in _named_in(agent.script):
        if name_key(name) in allowed and name_key(name) in known:
            yield known[name_key(name)]


def _named_in(steps: Iterable[Step]) -> Iterator[str]:
    """The workflows that a script calls."""
    for step in steps:
        if step.trigger_workflow is not None:
            yield step.trigger_workflow.workflow
        if step.call in _STARTING_TOOLS and isinstance(name := (step.args or {}).get("workflow"), str):
            yield name
        yield from _named_in(step.together or ())


def chains_from(chain: tuple[str, ...], around: Surroundings) -> Iterator[tuple[str, ...]]:
    """The chains of starts that begin with `chain` and are one too long."""
    if len(chain) > MAX_DEPTH:
        yield chain
        return
    spec = around.workflows.get(chain[-1])
    for target in targets_of(spec, around) if spec else ():
        if target != chain[-1]:  # triggering itself has a rule of its own
            yield from chains_from((*chain, target), around)
