"""Starting dry runs: the workflow through the same engine, with stand-ins for its agents and for what it triggers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from builder.dry import ChildPlan, DryPlan, Named, StagePlan, mocked, problems_of, stand_in, targets
from builder.models import Workflow
from builder.publish import current_version, frozen, publish_stand_in
from builder.queries import catalogue, find_workflow
from builder.spec import FrozenVersion
from projects.access import Caller, Role, require
from projects.errors import Invalid
from projects.names import name_key
from runs import store
from runs.dry_values import dry_value
from runs.models import WorkflowRun
from runs.operations import Start, start_run, started_before
from runs.targets import check_input, check_live, object_in

Json = Any


@dataclass(frozen=True)
class Definition:
    """A workflow as it stands now: its row, and the version that a start would take."""

    workflow: Workflow
    number: int
    version: FrozenVersion
    version_id: int


def dry_run(
    caller: Caller,
    workflow: Workflow,
    plan: DryPlan,
    value: Json = "",
    start: Start | None = None,
    *,
    read_json: bool = False,
) -> tuple[WorkflowRun, bool]:
    """Run `workflow` with stand-ins, as `plan` says. Returns the run, and whether it is new (idempotency key).

    It asks no provider, so that a missing model or key is no obstacle. With `read_json`, text that is a JSON object is
    read as one where the workflow has an input schema. Raises Invalid with every problem of plan or input, Conflict
    (archived, or the key belongs to a run in earnest), Forbidden; then no run exists.
    """
    require(caller, workflow.project, Role.OPERATOR)
    start = replace(start or Start("manual", caller.user.pk), dry={})
    first = started_before(workflow, start)
    if first is not None:
        return first, False
    check_live(workflow)
    made = _Casting(workflow, plan)
    made.check()
    check_input(made.root.version_id, object_in(made.root.version_id, value) if read_json else value)
    return start_run(workflow, value, replace(start, dry=store.in_transaction(made.store)), read_json=read_json)


def known_to(workflow: Workflow) -> list[Named]:
    """The workflows of the same project that may be triggered, as plans name them."""
    return [Named(one.name, one.input_schema) for one in catalogue(workflow.project_id) if not one.archived]


def definition_of(workflow: Workflow) -> Definition:
    """What a start of `workflow` would run now."""
    version = current_version(workflow)
    return Definition(workflow, version.number, frozen(version.pk), version.pk)


class _Casting:
    """Every definition that a dry run may need, and what stands in for it."""

    def __init__(self, workflow: Workflow, plan: DryPlan) -> None:
        self.root = definition_of(workflow)
        self._plan = plan
        self._known = known_to(workflow)
        self._children = {name_key(name): child for name, child in plan.workflows.items()}
        self._others: dict[str, Definition] = {}
        self._find([*plan.workflows, *self._targets(self.root.version, plan.stages)])

    def _targets(self, version: FrozenVersion, stages: Mapping[str, StagePlan]) -> list[str]:
        return targets(version, stages, self._known)

    def _find(self, names: list[str]) -> None:
        """Look up the workflows of these names, and those that the ones that are run in turn trigger."""
        project_id = self.root.workflow.project_id
        while names:
            name = names.pop()
            if name_key(name) in self._others:
                continue
            workflow = find_workflow(project_id, name)
            if workflow is None or workflow.archived_at is not None:
                continue  # the run is refused it, as any run would be
            found = definition_of(workflow)
            self._others[name_key(name)] = found
            child = self._child(found)
            if child.do == "run":
                names += self._targets(found.version, child.stages)

    def _child(self, definition: Definition) -> ChildPlan:
        return self._children.get(name_key(definition.workflow.name), ChildPlan())

    def check(self) -> None:
        """Raise Invalid with every problem of the plan."""
        versions = {key: one.version for key, one in self._others.items()}
        problems = problems_of(self.root.version, self._plan, versions, self._known)
        if problems:
            raise Invalid("The plan of the dry run does not fit the workflow.", details=problems)

    def store(self) -> Json:
        """Keep the stand-ins as versions; returns the column `dry` of the runs."""
        outcomes: dict[int, dict[str, list[str]]] = {}
        root = self._keep(self.root, self._stand_in(self.root, self._plan.stages))
        outcomes[root] = _outcomes(self._plan.stages)
        versions: dict[int, int] = {}
        for definition in self._others.values():
            child = self._child(definition)
            content = (
                self._stand_in(definition, child.stages) if child.do == "run" else mocked(definition.version, child)
            )
            kept = self._keep(definition, content)
            versions[definition.workflow.pk] = kept
            outcomes[kept] = _outcomes(child.stages)
        chosen = {version: stages for version, stages in outcomes.items() if stages}
        return dry_value(root=root, versions=versions, outcomes=chosen, ask=self._plan.gates == "ask")

    def _stand_in(self, definition: Definition, stages: Mapping[str, StagePlan]) -> FrozenVersion:
        return stand_in(definition.version, stages, self._known)

    def _keep(self, definition: Definition, content: FrozenVersion) -> int:
        return publish_stand_in(definition.workflow.project_id, definition.number, content).pk


def _outcomes(stages: Mapping[str, StagePlan]) -> dict[str, list[str]]:
    return {name: list(plan.outcomes) for name, plan in stages.items() if plan.outcomes}
