"""The start of a workflow: a blank one, or a template with all that it needs."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from agents.models import Agent
from builder.errors import AlreadyThere
from builder.history import Deed
from builder.models import Workflow
from builder.operations.placing import put_places
from builder.operations.workflows import create_workflow
from builder.project_file import import_project
from builder.publish import hold
from builder.spec import FORMAT
from builder.starters import Starter, free_names, renamed, starter
from projects.access import Caller, Role, require
from projects.errors import Detail, Invalid
from projects.models import Project
from projects.names import name_key, name_problem

Json = Any
SCRIPTED = "scripted"
_FIRST_STAGE = "Stage 1"


def begin_workflow(caller: Caller, project: Project, name: str, template: str | None) -> Workflow:
    """Create a workflow called `name`: blank where `template` is None, else from that template (builder.starters).

    A template brings its agents and the workflows that it triggers; what has a name that is taken gets a number. Where
    the project has no default model the agents are scripted, so that the workflow can be run at once. Raises Invalid,
    with a detail at `name` or `template`, AlreadyThere (the name is taken) and Forbidden.
    """
    require(caller, project, Role.EDITOR)
    if problem := name_problem(name):
        raise Invalid("A workflow cannot have this name.", details=[Detail(path="name", message=problem)])
    if template is None:
        return create_workflow(caller, project, {"name": name, "stages": [{"name": _FIRST_STAGE}]})
    try:
        chosen = starter(template)
    except KeyError:
        problems = [Detail(path="template", message="is none of the templates")]
        raise Invalid("There is no such template.", details=problems) from None
    return _put_in(caller, project, name, chosen)


def _put_in(caller: Caller, project: Project, name: str, chosen: Starter) -> Workflow:
    with transaction.atomic():
        held = hold(project.pk)
        taken = set(Workflow.objects.filter(project=held).values_list("name_key", flat=True))
        if name_key(name) in taken:
            raise AlreadyThere("a workflow", name)
        deed = Deed(caller.user, "create", f"Created from the template “{chosen.title}”")
        import_project(caller, _file(held, name, chosen, taken), slug=held.slug, deed=deed)
        made = Workflow.objects.select_related("project").get(project=held, name_key=name_key(name))
        put_places(made, chosen.places)
        return made


def _file(project: Project, name: str, chosen: Starter, taken: set[str]) -> Json:
    """The template as a file of this project, under names that are free in it."""
    agents = set(Agent.objects.filter(project=project).values_list("name_key", flat=True))
    names = {
        **free_names((agent.name for agent in chosen.file.agents), agents),
        **free_names(chosen.others, taken | {name_key(name)}),
        chosen.main.name: name,
    }
    model = {} if project.default_model else {"model": SCRIPTED}
    return {
        "format": FORMAT,
        "project": {"name": project.name},
        "agents": [{**renamed(agent, names), **model} for agent in chosen.agents],
        "workflows": [renamed(workflow, names) for workflow in chosen.workflows],
    }
