"""Project files: parsing, importing all or nothing, and exporting so that an import gives the same again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from agents.models import Agent
from agents.operations import write_agent
from agents.queries import agents_of
from builder.canonical import block_of, canonical, text_of
from builder.errors import NoSuchWorkflow
from builder.history import Deed
from builder.models import Workflow
from builder.operations.agents import store_agent
from builder.operations.storing import agent_fields, newly_enabled, note, start_row, write_new, write_over
from builder.patches import Patch, difference
from builder.publish import agent_names, hold, publish
from builder.reading import agent_spec, known_in, with_parts, workflow_spec
from builder.references import Known, names
from builder.spec import (
    FORMAT,
    AgentSpec,
    ProjectBlock,
    ProjectFile,
    StageSpec,
    WorkflowHook,
    WorkflowRoute,
    WorkflowSpec,
)
from builder.validation import checked_file
from builder.yaml_text import parse_yaml
from projects.access import Caller, Role, project_for, require, visible_projects
from projects.errors import Detail, TooLarge
from projects.jsontext import parse_json
from projects.models import Project
from projects.names import name_key, slugify_unique
from projects.operations import create_project

MOST_BYTES = 1_048_576
_MOST_TRIES = 5


@dataclass
class ImportReport:
    """What an import did, or would do: entries are `agents/NAME`, `workflows/NAME` and, for a changed name or default
    model of an existing project, `project`. What was the same already is in neither list."""

    project: str
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    warnings: list[Detail] = field(default_factory=list)


def parse_file(raw: bytes | str, *, yaml: bool) -> Any:
    """The text of a project file as JSON values. Raises TooLarge over 1 MiB, and Invalid with the place."""
    size = len(raw) if isinstance(raw, bytes) else len(raw.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise TooLarge(f"A project file may have 1 MiB ({MOST_BYTES} bytes); this one has {size} bytes.")
    return parse_yaml(raw) if yaml else parse_json(raw)


def import_project(
    caller: Caller, raw: Any, *, slug: str | None = None, dry_run: bool = False, deed: Deed | None = None
) -> ImportReport:
    """Store a parsed project file, all or nothing; a dry run does the same and takes it back.

    Without `slug` the project is matched by the slug of its name among those that the caller can see; where there is
    none, a new one is created, which the caller owns. Objects are matched by name without case: created or updated,
    and what the file lacks stays. Nothing is executed, fetched or enabled: a trigger that says `enabled: true` is
    stored as false, with a warning, unless it is on already. Raises Invalid with all problems, and Forbidden where
    the caller may not edit the project. `deed` is what the histories say of it, where it is not a file.
    """
    deed = deed or Deed(caller.user, "import", "Imported from a file")
    for _ in range(_MOST_TRIES - 1):
        try:
            return _import_once(caller, raw, deed, slug=slug, dry_run=dry_run)
        except IntegrityError:
            continue  # another import took the slug of a new project at the same moment: now it is there to be seen
    return _import_once(caller, raw, deed, slug=slug, dry_run=dry_run)


def _import_once(caller: Caller, raw: Any, deed: Deed, *, slug: str | None, dry_run: bool) -> ImportReport:
    with transaction.atomic():
        project = project_for(caller, slug, Role.EDITOR) if slug is not None else _matching(caller, _name_in(raw))
        if project is not None:
            require(caller, project, Role.EDITOR)
            hold(project.pk)
        file = checked_file(raw, known_in(project.pk) if project else None)
        into = project or _new_project(caller, file.project)
        report = _Import(file, into, deed, is_new=project is None).run()
        transaction.set_rollback(dry_run)
    return report


def export_project(project: Project, workflow: str | None = None) -> ProjectFile:
    """The project as a file, defaults included. Exporting what was imported gives the same file.

    With `workflow` (a name, or an id) the file holds this workflow and all that it needs to stand alone: the agents it
    names, and the workflows that its routes, hooks and allow-lists name, in turn. Raises NotFound.
    """
    workflows = [
        (row.pk, workflow_spec(row)) for row in with_parts(Workflow.objects.filter(project=project)).order_by("pk")
    ]
    agents = [agent_spec(row) for row in agents_of(project.pk).order_by("pk")]
    specs = [spec for _, spec in workflows]
    if workflow is not None:
        key = name_key(workflow)
        start = next((spec for pk, spec in workflows if workflow == str(pk) or key == name_key(spec.name)), None)
        if start is None:
            raise NoSuchWorkflow(workflow)
        specs = _needed_by(start, specs)
        wanted = {name for spec in specs for name in agent_names(spec)}
        agents = [agent for agent in agents if agent.name in wanted]
    block = ProjectBlock(name=project.name, default_model=project.default_model)
    return ProjectFile(format=FORMAT, project=block, agents=tuple(agents), workflows=tuple(specs))


def workflow_names(spec: WorkflowSpec) -> Iterator[str]:
    """The workflows that a definition names: by routes, hooks and allow-lists, in order, with doubles."""
    for stage in spec.stages:
        for assignment in stage.assignments:
            yield from assignment.allowed_workflows
        yield from started_by(stage)


def started_by(stage: StageSpec) -> Iterator[str]:
    """The workflows that a stage itself starts: by routes and hooks, in order, with doubles."""
    for route in stage.routes.values():
        if isinstance(route, WorkflowRoute):
            yield route.workflow
    for hook in (*stage.entry_hooks, *stage.exit_hooks):
        if isinstance(hook, WorkflowHook):
            yield hook.workflow


def _needed_by(start: WorkflowSpec, specs: Sequence[WorkflowSpec]) -> list[WorkflowSpec]:
    by_name = {spec.name: spec for spec in specs}
    needed: set[str] = set()
    open_names = [start.name]
    while open_names:
        name = open_names.pop()
        if name not in needed:
            needed.add(name)
            open_names.extend(workflow_names(by_name[name]))
    return [spec for spec in specs if spec.name in needed]


def _name_in(raw: Any) -> str | None:
    block = raw.get("project") if isinstance(raw, Mapping) else None
    name = block.get("name") if isinstance(block, Mapping) else None
    return name if isinstance(name, str) else None


def _new_project(caller: Caller, block: ProjectBlock) -> Project:
    return create_project(caller, name=block.name, default_model=block.default_model)


def _matching(caller: Caller, name: str | None) -> Project | None:
    """The project that a file with this name means: the one with the name's slug, or that slug with a number where
    another had taken it."""
    if name is None:
        return None
    slug = slugify_unique(name, lambda _: False)
    visible = visible_projects(caller).filter(slug__startswith=slug).order_by("pk")
    for project in visible:
        if project.slug == slug:
            return project
    numbered = (project for project in visible if project.slug.removeprefix(f"{slug}-").isdecimal())
    return next((project for project in numbered if name_key(project.name) == name_key(name)), None)


class _Import:
    """One checked file on its way into one project, whose lock is held."""

    def __init__(self, file: ProjectFile, project: Project, deed: Deed, *, is_new: bool) -> None:
        self._deed = deed
        self._file = file
        self._project = project
        self._is_new = is_new
        self._report = ImportReport(project=project.slug)
        present = known_in(project.pk)
        self._known = Known(
            agents={**present.agents, **names(agent.name for agent in file.agents)},
            workflows={**present.workflows, **names(workflow.name for workflow in file.workflows)},
        )
        self._agents = {agent.name_key: agent for agent in Agent.objects.filter(project=project)}
        self._workflows = {row.name_key: row for row in with_parts(Workflow.objects.filter(project=project))}

    def run(self) -> ImportReport:
        """New agents first, because workflows name them; changed ones last, because versions that are published on
        the way must hold them as they were."""
        changed_agents = [spec for spec in self._file.agents if not self._create_agent(spec)]
        touched = self._write_workflows()
        updated = self._report.updated
        self._report.updated = [f"agents/{spec.name}" for spec in changed_agents if self._update_agent(spec)] + updated
        self._update_project()
        for workflow, patch in touched:
            publish(workflow)
            note(workflow, self._deed, patch)
        return self._report

    def _create_agent(self, spec: AgentSpec) -> bool:
        if name_key(spec.name) in self._agents:
            return False
        write_agent(Agent(project=self._project), agent_fields(spec))
        self._report.created.append(f"agents/{spec.name}")
        return True

    def _update_agent(self, spec: AgentSpec) -> bool:
        agent = self._agents[name_key(spec.name)]
        before = agent_spec(agent)
        store_agent(agent, spec, before)
        return text_of(spec) != text_of(before)

    def _write_workflows(self) -> list[tuple[Workflow, Patch]]:
        rows = [self._workflows.get(name_key(spec.name)) for spec in self._file.workflows]
        befores = [None if row is None else workflow_spec(row) for row in rows]
        # All rows come before all definitions: these may name each other.
        started = [
            row or start_row(self._project.pk, spec.name) for row, spec in zip(rows, self._file.workflows, strict=True)
        ]
        touched = []
        for index, (row, before) in enumerate(zip(started, befores, strict=True)):
            spec = canonical(self._without_enabling(index, before), self._known)
            if before is None:
                write_new(row, spec)
                self._report.created.append(f"workflows/{spec.name}")
            elif write_over(row, spec, before):
                self._report.updated.append(f"workflows/{spec.name}")
            else:
                continue
            patch = [] if before is None else difference(block_of(before), block_of(spec))
            touched.append((row, patch))
        return touched

    def _without_enabling(self, index: int, before: WorkflowSpec | None) -> WorkflowSpec:
        spec = self._file.workflows[index]
        stay_off = newly_enabled(spec, before)
        for place in stay_off:
            path = f"workflows[{index}].triggers[{place}].enabled"
            warning = Detail(path=path, message="an import enables nothing: it was stored as false")
            self._report.warnings.append(warning)
        triggers = (
            trigger.model_copy(update={"enabled": False}) if place in stay_off else trigger
            for place, trigger in enumerate(spec.triggers)
        )
        return spec.model_copy(update={"triggers": tuple(triggers)})

    def _update_project(self) -> None:
        """What the file says of the project itself; a default model that it does not name stays."""
        block, project = self._file.project, self._project
        model = block.default_model if "default_model" in block.model_fields_set else project.default_model
        if self._is_new or (project.name, project.default_model) == (block.name, model):
            return
        project.name, project.name_key, project.default_model = block.name, name_key(block.name), model
        project.save(update_fields=["name", "name_key", "default_model"])
        self._report.updated.append("project")
