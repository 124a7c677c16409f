"""The one way in which an edited definition is checked, stored and published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from agents.models import Agent
from agents.operations import AgentFields
from builder.canonical import block_of, canonical, text_of
from builder.errors import AlreadyThere, CannotEnable
from builder.models import Workflow
from builder.publish import publish
from builder.reading import known_in, read_workflow
from builder.references import Known
from builder.spec import AgentSpec, WorkflowSpec
from builder.validation import checked_workflow
from builder.writing import targets_in, touch, trigger_marks, write_workflow
from projects.names import name_key


def store_new(project_id: int, raw: Any) -> Workflow:
    """Check the block `raw` and store it as a new workflow. The caller holds the project's lock. Raises Invalid."""
    known = _with_itself(known_in(project_id), raw, ())
    spec = _checked(project_id, raw, known, None)
    _refuse_enabling(spec, None)
    workflow = start_row(project_id, spec.name)
    write_workflow(workflow, canonical(spec, known), None, targets_in(project_id))
    publish(workflow)
    return workflow


def store_over(workflow: Workflow, raw: Any, *, once_called: str | None = None) -> Workflow:
    """Check the block `raw` and store it in place of what `workflow` means now, unless it means the same.

    The block may name the workflow itself by its present name, or by the one that it was `once_called`. The caller
    holds the project's lock. What was there stays as a version. Raises Invalid.
    """
    before = read_workflow(workflow.pk)
    known = _with_itself(known_in(workflow.project_id), raw, (workflow.name, once_called))
    spec = _checked(workflow.project_id, raw, known, workflow)
    _refuse_enabling(spec, before)
    if write_over(workflow, canonical(spec, known), before):
        publish(workflow)
    return workflow


def write_over(workflow: Workflow, spec: WorkflowSpec, before: WorkflowSpec) -> bool:
    """Store the checked, canonical `spec` over `before`; False where both are the same. The caller publishes."""
    if text_of(spec) == text_of(before):
        return False
    if workflow.current_version_id is None:
        publish(workflow)  # or an edit of its agents would be lost to those who restore
    if spec.name != before.name:
        _rename(workflow, spec.name)
    write_workflow(workflow, spec, before, targets_in(workflow.project_id))
    return True


def _rename(workflow: Workflow, name: str) -> None:
    """Those that name the workflow follow, from their next start on: their versions hold its old name."""
    workflow.name, workflow.name_key = name, name_key(name)
    workflow.save(update_fields=["name", "name_key"])
    naming = (
        Q(stages__outcomes__route__target_workflow=workflow)
        | Q(stages__hooks__target_workflow=workflow)
        | Q(stages__assignments__allowed__workflow=workflow)
    )
    stale = Workflow.objects.filter(naming).values_list("pk", flat=True)
    Workflow.objects.filter(pk__in=list(stale)).update(current_version=None)


def start_row(project_id: int, name: str) -> Workflow:
    """A workflow's row without its definition, so that others may refer to it."""
    return Workflow.objects.create(project_id=project_id, name=name, name_key=name_key(name))


def republish(workflow_ids: Iterable[int]) -> None:
    """Count an edit of these workflows that came from elsewhere (a deleted target), and publish them."""
    for workflow in Workflow.objects.filter(pk__in=set(workflow_ids)):
        touch(workflow)
        workflow.save()
        publish(workflow)


def forget_versions_naming(agent: Agent) -> None:
    """The next start of every workflow that names `agent` needs a new version."""
    Workflow.objects.filter(stages__assignments__agent=agent).update(current_version=None)
    Workflow.objects.filter(stages__assignments__fallback_agent=agent).update(current_version=None)


def agent_fields(spec: AgentSpec) -> AgentFields:
    """An agent's definition as its row takes it."""
    return AgentFields(**block_of(spec))


def _checked(project_id: int, raw: Any, known: Known, workflow: Workflow | None) -> WorkflowSpec:
    spec = checked_workflow(raw, known)
    twin = Workflow.objects.filter(project_id=project_id, name_key=name_key(spec.name))
    if (twin.exclude(pk=workflow.pk) if workflow else twin).exists():
        raise AlreadyThere("a workflow", spec.name)
    return spec


def _with_itself(known: Known, raw: Any, past: Iterable[str | None]) -> Known:
    """`known`, where a block that has not been stored yet may name itself, by its new name or a `past` one."""
    name = raw.get("name") if isinstance(raw, Mapping) else None
    if not isinstance(name, str):
        return known
    earlier = {name_key(old): name for old in past if old is not None}
    present = {key: text for key, text in known.workflows.items() if text not in past}
    return Known(agents=known.agents, workflows={**earlier, **present, name_key(name): name})


def newly_enabled(spec: WorkflowSpec, before: WorkflowSpec | None) -> list[int]:
    """The places of the triggers that `spec` switches on and that are not on in `before`."""
    old = before.triggers if before else ()
    on = {mark for mark, trigger in zip(trigger_marks(old), old, strict=True) if trigger.enabled}
    marks = trigger_marks(spec.triggers)
    return [place for place, trigger in enumerate(spec.triggers) if trigger.enabled and marks[place] not in on]


def _refuse_enabling(spec: WorkflowSpec, before: WorkflowSpec | None) -> None:
    if refused := newly_enabled(spec, before):
        raise CannotEnable(f"triggers[{place}].enabled" for place in refused)
