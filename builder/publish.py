"""Freezing: from the editable definition to the immutable version that runs execute."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import update_wrapper
from typing import Generic, TypeVar

from django.db import transaction
from django.db.models import prefetch_related_objects

from agents.fields import Written
from agents.models import Agent
from builder.canonical import text_of
from builder.models import Workflow, WorkflowVersion
from builder.reading import agent_spec, read_workflow, with_parts, workflow_spec
from builder.spec import FrozenVersion, WorkflowSpec
from projects import rows
from projects.models import Project

T = TypeVar("T")

# Asked by every edit: written out, so that they are built once.
_SAME = "SELECT id FROM builder_workflowversion WHERE workflow_id = %s AND digest = %s"
_NEWEST = "SELECT MAX(number) FROM builder_workflowversion WHERE workflow_id = %s"
_MODEL = "SELECT default_model FROM projects_project WHERE id = %s"


def current_version(workflow: Workflow) -> WorkflowVersion:
    """The version that a start of `workflow` takes now; it is published if something it freezes was edited.

    The same content gives the same version, however often it is published and by how many at once.
    """
    version = workflow.current_version
    if version is not None and version.default_model == workflow.project.default_model:
        return version
    with transaction.atomic():
        hold(workflow.project_id)
        version = publish(Workflow.objects.get(pk=workflow.pk))
    workflow.current_version = version
    return version


def hold(project_id: int) -> Project:
    """Lock the project's definitions until the transaction ends: every edit and every publication holds this lock.

    Edits check names across objects, and a version must not miss an agent that is edited beside it.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


def publish(workflow: Workflow, spec: WorkflowSpec | None = None) -> WorkflowVersion:
    """Freeze `workflow` as it stands and make this its current version. The caller holds the project's lock.

    `spec` is what its rows mean, where the caller knows it.
    """
    content = freeze(workflow, spec)
    text = _content_text(content)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if same := rows.query(_SAME, [workflow.pk, digest]):
        version = WorkflowVersion.objects.defer("content").get(pk=same[0][0])
    else:
        version = WorkflowVersion.objects.create(
            project_id=workflow.project_id,
            workflow=workflow,
            workflow_name=workflow.name,
            number=int(rows.query(_NEWEST, [workflow.pk])[0][0] or 0) + 1,
            digest=digest,
            default_model=content.default_model,
            content=Written(text),
        )
        del version.content  # who asks for it reads it as values
        _remember_when_committed(version.pk, content)
    rows.update(Workflow, {"id": workflow.pk}, {"current_version_id": version.pk})
    workflow.current_version = version
    return version


def publish_stand_in(project_id: int, number: int, content: FrozenVersion) -> WorkflowVersion:
    """Keep what stands in for version `number` of a workflow in a dry run: a version that is none of the workflow's."""
    text = _content_text(content)
    with transaction.atomic():
        version = WorkflowVersion.objects.create(
            project_id=project_id,
            workflow_name=content.workflow.name,
            number=number,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            default_model=content.default_model,
            content=Written(text),
        )
        del version.content
        _remember_when_committed(version.pk, content)
    return version


def _content_text(content: FrozenVersion) -> str:
    """The text of a version, whose stages know their texts."""
    rest = text_of(content.model_copy(update={"workflow": None}))
    return rest.replace('"workflow":null', f'"workflow":{text_of(content.workflow)}', 1)


def freeze(workflow: Workflow, spec: WorkflowSpec | None = None) -> FrozenVersion:
    """What a version of `workflow` would hold now. Whether a trigger is on is a state, not part of it."""
    spec = spec or read_workflow(workflow.pk)
    off = tuple(trigger.model_copy(update={"enabled": False}) for trigger in spec.triggers)
    named = tuple(dict.fromkeys(agent_names(spec)))
    agents = {row.name: row for row in Agent.objects.filter(project_id=workflow.project_id, name__in=named)}
    return FrozenVersion(
        workflow=spec.model_copy(update={"triggers": off}),
        agents=tuple(agent_spec(agents[name]) for name in named),
        default_model=rows.query(_MODEL, [workflow.project_id])[0][0],
    )


def read_stored(workflow: Workflow) -> WorkflowSpec:
    """What the rows of `workflow` mean: out of its current version where that holds it, which is quicker."""
    if workflow.current_version_id is None:
        return read_workflow(workflow.pk)
    return _with_triggers(workflow)


def read_all(workflows: Sequence[Workflow]) -> dict[str, WorkflowSpec]:
    """What these workflows mean, by name, in a fixed number of queries."""
    ids = [row.current_version_id for row in workflows if row.current_version_id is not None]
    unread = [version_id for version_id in ids if version_id not in frozen]
    for version in WorkflowVersion.objects.filter(pk__in=unread):
        frozen.remember(version.pk, FrozenVersion.model_validate(version.content))
    current = [row for row in workflows if row.current_version_id is not None]
    prefetch_related_objects(
        [row for row in current if frozen(row.current_version_id or 0).workflow.triggers], "triggers"
    )
    stale = with_parts(Workflow.objects.filter(pk__in=[row.pk for row in workflows if row.current_version_id is None]))
    read = {row.pk: workflow_spec(row) for row in stale} if len(ids) < len(workflows) else {}
    return {row.name: read.get(row.pk) or _with_triggers(row) for row in workflows}


def _with_triggers(workflow: Workflow) -> WorkflowSpec:
    """The current version's block, with its triggers as they are switched now."""
    spec = frozen(workflow.current_version_id or 0).workflow
    states = [trigger.enabled for trigger in workflow.triggers.all()] if spec.triggers else []
    triggers = (one.model_copy(update={"enabled": on}) for one, on in zip(spec.triggers, states, strict=True))
    return spec.model_copy(update={"triggers": tuple(triggers)}) if spec.triggers else spec


def agent_names(spec: WorkflowSpec) -> Iterator[str]:
    """The agents that a definition names, fallback agents too, in order, with doubles."""
    for stage in spec.stages:
        for assignment in stage.assignments:
            yield assignment.agent
            if assignment.fallback_agent is not None:
                yield assignment.fallback_agent


class PerVersion(Generic[T]):
    """What `make` makes of a version, by its id, remembered per process: versions never change.

    A version whose transaction is rolled back leaves its id to another: nothing of it is kept before it is committed.
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._kept: OrderedDict[int, T] = OrderedDict()
        self._guard = threading.Lock()
        update_wrapper(self, make)

    def __call__(self, version_id: int) -> T:
        """What was made of this version, or is made now."""
        if version_id in _uncommitted:
            return self._make(version_id)
        with self._guard:
            if version_id in self._kept:
                self._kept.move_to_end(version_id)
                return self._kept[version_id]
        made = self._make(version_id)
        self.remember(version_id, made)
        return made

    def __contains__(self, version_id: int) -> bool:
        return version_id in self._kept and version_id not in _uncommitted

    def remember(self, version_id: int, made: T) -> None:
        """Keep what the caller has made of a version, unless it may yet be rolled back."""
        if version_id in _uncommitted:
            return
        with self._guard:
            self._kept[version_id] = made
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


_MOST_KEPT = 512
_uncommitted: set[int] = set()


def _remember_when_committed(version_id: int, content: FrozenVersion) -> None:
    def committed() -> None:
        _uncommitted.discard(version_id)
        frozen.remember(version_id, content)

    _uncommitted.add(version_id)
    transaction.on_commit(committed)


@PerVersion
def frozen(version_id: int) -> FrozenVersion:
    """The content of a version, parsed once per process. Raises WorkflowVersion.DoesNotExist."""
    content = WorkflowVersion.objects.values_list("content", flat=True).get(pk=version_id)
    return FrozenVersion.model_validate(content)
