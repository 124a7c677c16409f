"""The one way in which an edited definition is checked, stored and published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from agents.models import Agent
from agents.operations import AgentFields
from builder.canonical import block_of, canonical, is_same, shared_block_of
from builder.errors import AlreadyThere, CannotEnable
from builder.history import Deed, record
from builder.layout import Point, Spot, cards_of
from builder.models import AllowedWorkflow, Assignment, Edit, Hook, Route, Workflow
from builder.operations.placing import place_patch, places_of, put_places, settle
from builder.patches import Patch, difference, renamed
from builder.publish import publish, read_all, read_stored
from builder.reading import known_in, read_workflow
from builder.references import Known
from builder.rings import edited
from builder.spec import AgentSpec, WorkflowSpec
from builder.targets import Targets
from builder.trigger_writing import trigger_marks
from builder.validation import checked_workflow
from builder.writing import touch, write_workflow
from projects.names import name_key


def store_new(project_id: int, raw: Any, deed: Deed) -> Workflow:
    """Check the block `raw` and store it as a new workflow. The caller holds the project's lock. Raises Invalid."""
    known = _with_itself(known_in(project_id), raw, ())
    spec = _checked(project_id, raw, known, None)
    _refuse_enabling(spec, None)
    workflow = start_row(project_id, spec.name)
    write_new(workflow, canonical(spec, known))
    publish(workflow)
    note(workflow, deed, [])
    return workflow


def store_over(
    workflow: Workflow,
    raw: Any,
    deed: Deed,
    *,
    once_called: str | None = None,
    places: Mapping[Spot, Point | None] | None = None,
) -> Edit | None:
    """Check the block `raw` and store it in place of what `workflow` means now; None where it means the same.

    The block may name the workflow itself by its present name, or by the one that it was `once_called`. The caller
    holds the project's lock. What was there stays as a version, and the edit is kept; `places` are where cards of the
    canvas are put with it. Raises Invalid.
    """
    before = read_stored(workflow)
    known = _with_itself(known_in(workflow.project_id), raw, (workflow.name, once_called))
    spec = canonical(_checked(workflow.project_id, raw, known, workflow, before), known)
    _refuse_enabling(spec, before)
    stood = settle(workflow, before)
    naming = specs_of(naming_workflow(workflow)) if spec.name != before.name else {}
    if not write_over(workflow, spec, before, deed.renames):
        return None
    publish(workflow, spec)
    republish(naming, Deed(deed.user, "rename_target", f"The workflow {before.name} is called {spec.name} now"))
    patch = difference(renamed(shared_block_of(before), deed.renames), shared_block_of(spec))
    stood = {(deed.renames.get(name, name), label): place for (name, label), place in stood.items()}
    stands = settle(workflow, spec) if cards_of(spec) != cards_of(before) else stood
    stood = {**stands, **stood}  # what is new stands somewhere; only what was asked for is a change
    if places:
        put_places(workflow, places)
        stands = places_of(workflow)
    return note(workflow, deed, [*patch, *place_patch(stood, stands)])


def write_over(
    workflow: Workflow, spec: WorkflowSpec, before: WorkflowSpec, renames: Mapping[str, str] | None = None
) -> bool:
    """Store the checked, canonical `spec` over `before`; False where both are the same. The caller publishes and notes.

    `renames` says which stages go on under another name.
    """
    if is_same(spec, before):
        return False
    if workflow.current_version_id is None:
        publish(workflow)  # or an edit of its agents would be lost to those who restore
    if spec.name != before.name:
        _rename(workflow, spec.name)
    write_workflow(workflow, spec, before, Targets(workflow.project_id), renames)
    return True


def write_new(workflow: Workflow, spec: WorkflowSpec) -> None:
    """Store the checked, canonical `spec` in a row that has no definition yet. The caller publishes and notes."""
    write_workflow(workflow, spec, None, Targets(workflow.project_id))


def note(workflow: Workflow, deed: Deed, patch: Patch) -> Edit:
    """Keep the edit, and tell the open pages after the commit."""
    edit = record(workflow, deed, patch)
    transaction.on_commit(partial(edited, workflow.pk, edit.number))
    return edit


def _rename(workflow: Workflow, name: str) -> None:
    """Those that name the workflow follow, from their next start on: their versions hold its old name."""
    workflow.name, workflow.name_key = name, name_key(name)
    workflow.save(update_fields=["name", "name_key"])
    Workflow.objects.filter(pk__in={workflow.pk, *naming_workflow(workflow)}).update(current_version=None)


def naming_workflow(workflow: Workflow) -> set[int]:
    """The ids of the other workflows that name `workflow`."""
    routes = Route.objects.filter(target_workflow=workflow).values_list("outcome__stage__workflow_id", flat=True)
    hooks = Hook.objects.filter(target_workflow=workflow).values_list("stage__workflow_id", flat=True)
    allowed = AllowedWorkflow.objects.filter(workflow=workflow).values_list("assignment__stage__workflow_id", flat=True)
    return {*routes, *hooks, *allowed} - {workflow.pk}


def specs_of(ids: Collection[int]) -> dict[int, WorkflowSpec]:
    """What these workflows of one project mean, by id: for `republish`, before what they name is changed."""
    workflows = list(Workflow.objects.filter(pk__in=ids))
    specs = read_all(workflows)
    return {workflow.pk: specs[workflow.name] for workflow in workflows}


def start_row(project_id: int, name: str) -> Workflow:
    """A workflow's row without its definition, so that others may refer to it."""
    return Workflow.objects.create(project_id=project_id, name=name, name_key=name_key(name))


def republish(befores: Mapping[int, WorkflowSpec], deed: Deed) -> None:
    """Count an edit of these workflows that came from elsewhere (what they name was deleted, or is called otherwise),
    publish them, and tell their open pages.

    `befores` says by id what they meant before.
    """
    for workflow in Workflow.objects.filter(pk__in=befores):
        touch(workflow)
        workflow.save()
        publish(workflow)
        after = block_of(read_workflow(workflow.pk))
        note(workflow, deed, difference(block_of(befores[workflow.pk]), after))


def forget_versions_naming(agent: Agent) -> None:
    """The next start of every workflow that names `agent` needs a new version."""
    Workflow.objects.filter(pk__in=naming_agent(agent)).update(current_version=None)


def naming_agent(agent: Agent) -> set[int]:
    """The ids of the workflows that name `agent`."""
    places = Assignment.objects.filter(Q(agent=agent) | Q(fallback_agent=agent))
    return set(places.values_list("stage__workflow_id", flat=True))


def agent_fields(spec: AgentSpec) -> AgentFields:
    """An agent's definition as its row takes it."""
    return AgentFields(**block_of(spec))


def _checked(
    project_id: int, raw: Any, known: Known, workflow: Workflow | None, before: WorkflowSpec | None = None
) -> WorkflowSpec:
    spec = checked_workflow(raw, known, before)
    if workflow is not None and name_key(spec.name) == workflow.name_key:
        return spec
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
