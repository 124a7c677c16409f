"""Reads of agents."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from agents.errors import NoSuchAgent
from agents.models import Agent
from projects.access import Caller, Role, project_for
from projects.names import name_key

_ID = re.compile(r"[1-9][0-9]{0,17}")


def agent_for(caller: Caller, slug: str, ref: str, role: Role) -> Agent:
    """The agent with the id or name `ref`. Raises NotFound or Forbidden."""
    agents = Agent.objects.filter(project=project_for(caller, slug, role)).select_related("project")
    found = agents.filter(pk=int(ref)).first() if _ID.fullmatch(ref) else None
    found = found or agents.filter(name_key=name_key(ref)).first()
    if found is None:
        raise NoSuchAgent(ref)
    return found


def agents_of(project_id: int) -> QuerySet[Agent]:
    """The project's agents, by name."""
    return Agent.objects.filter(project_id=project_id).order_by("name")
