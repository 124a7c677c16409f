"""Creating, replacing, changing and deleting agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from agents.models import Agent
from agents.operations import write_agent
from builder.canonical import block_of, text_of
from builder.errors import AgentAssigned, AlreadyThere, EditedMeanwhile
from builder.history import Deed
from builder.models import Assignment
from builder.operations.storing import agent_fields, forget_versions_naming, naming_agent, republish, specs_of
from builder.publish import hold
from builder.reading import agent_spec
from builder.spec import AgentSpec
from builder.validation import checked_agent
from projects.access import Caller, Role, require
from projects.errors import Detail, Invalid
from projects.models import Project
from projects.names import name_key

_TOLD = ("id", "version")


def create_agent(caller: Caller, project: Project, raw: Any) -> Agent:
    """Store the block `raw` as a new agent of `project`. Raises Invalid, Conflict (the name is taken), Forbidden."""
    require(caller, project, Role.EDITOR)
    with transaction.atomic():
        hold(project.pk)
        spec = _checked(project.pk, raw, None)
        return write_agent(Agent(project=project), agent_fields(spec))


def replace_agent(caller: Caller, agent: Agent, raw: Any) -> Agent:
    """Make `agent` what the block `raw` says; what it leaves out gets its default.

    The block may carry the `id` and the `version` that an answer tells beside it; an old version is a Conflict.
    References follow a new name, and workflows that name the agent get a new version with their next start.
    """
    return _edit(caller, agent, raw, base={})


def patch_agent(caller: Caller, agent: Agent, raw: Any) -> Agent:
    """Change the fields of `agent` that `raw` names, each as a whole; as `replace_agent` else."""
    return _edit(caller, agent, raw, base=None)


def delete_agent(caller: Caller, agent: Agent) -> None:
    """Delete `agent`. Raises Conflict, naming where, while it is assigned somewhere, as a fallback too."""
    require(caller, agent.project, Role.EDITOR)
    with transaction.atomic():
        hold(agent.project_id)
        places = Assignment.objects.filter(Q(agent=agent) | Q(fallback_agent=agent)).order_by(
            "stage__workflow__name", "stage__position", "position"
        )
        found = list(dict.fromkeys(f"{a.stage.workflow} > {a.stage}" for a in places.select_related("stage__workflow")))
        if found:
            raise AgentAssigned(agent.name, found)
        agent.delete()


def _edit(caller: Caller, agent: Agent, raw: Any, *, base: Mapping[str, Any] | None) -> Agent:
    require(caller, agent.project, Role.EDITOR)
    if not isinstance(raw, Mapping):
        raise Invalid("The agent has problems.", details=[Detail(path="", message="must be an object")])
    with transaction.atomic():
        hold(agent.project_id)
        locked = Agent.objects.select_related("project").get(pk=agent.pk)
        _check_told(locked, raw)
        before = agent_spec(locked)
        start = block_of(before) if base is None else base
        changes = {key: value for key, value in raw.items() if key not in _TOLD}
        spec = _checked(agent.project_id, {**start, **changes}, locked)
        naming = specs_of(naming_agent(locked)) if spec.name != before.name else {}
        stored = store_agent(locked, spec, before)
        republish(naming, Deed(caller.user, "rename_agent", f"The agent {before.name} is called {spec.name} now"))
        return stored


def store_agent(agent: Agent, spec: AgentSpec, before: AgentSpec) -> Agent:
    """Store the checked `spec` over `before`, unless both are the same. The caller holds the project's lock."""
    if text_of(spec) != text_of(before):
        write_agent(agent, agent_fields(spec))
        forget_versions_naming(agent)
    return agent


def _checked(project_id: int, raw: Any, agent: Agent | None) -> AgentSpec:
    spec = checked_agent(raw)
    twin = Agent.objects.filter(project_id=project_id, name_key=name_key(spec.name))
    if (twin.exclude(pk=agent.pk) if agent else twin).exists():
        raise AlreadyThere("an agent", spec.name)
    return spec


def _check_told(agent: Agent, raw: Mapping[str, Any]) -> None:
    problems = []
    if raw.get("id", agent.pk) != agent.pk:
        problems.append(Detail(path="id", message="is the id of another object; an id cannot be changed"))
    if type(raw.get("version", 1)) is not int:
        problems.append(Detail(path="version", message="must be a whole number"))
    if problems:
        raise Invalid("The agent has problems.", details=problems)
    version = raw.get("version", agent.version)
    if version != agent.version:
        raise EditedMeanwhile("agent", expected=version, actual=agent.version)
