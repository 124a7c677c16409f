"""Reading the templates. Each is a file beside this one; its first workflow is the one that a person asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from builder.layout import Point, Spot
from builder.spec import FORMAT, ProjectFile, WorkflowSpec
from builder.validation import checked_file
from builder.yaml_text import parse_yaml

Json = Any
STARTERS = ("report", "review", "deploy", "router", "orchestrator")  # in the order in which they are offered


@dataclass(frozen=True)
class Starter:
    """A template: its words, its fragment as JSON values, and what that means."""

    key: str
    title: str
    about: str
    agents: tuple[Mapping[str, Json], ...]
    workflows: tuple[Mapping[str, Json], ...]
    file: ProjectFile
    places: Mapping[Spot, Point]  # of the cards of the main workflow, where the layout's rows would hide its shape

    @property
    def main(self) -> WorkflowSpec:
        """The workflow that a person asks for; it triggers the others."""
        return self.file.workflows[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The names of the workflows that come with it."""
        return tuple(workflow.name for workflow in self.file.workflows[1:])


@cache
def starter(key: str) -> Starter:
    """One of STARTERS. Raises KeyError for any other key."""
    if key not in STARTERS:
        raise KeyError(key)
    raw = parse_yaml(Path(__file__).with_name(f"{key}.yaml").read_bytes())
    parts = {"agents": raw["agents"], "workflows": raw["workflows"]}
    # In no project yet, so under a name of its own and with the model that its scripts are for.
    file = checked_file({"format": FORMAT, "project": {"name": key, "default_model": "scripted"}, **parts})
    places = {(stage, ""): (x, y) for stage, (x, y) in raw.get("places", {}).items()}
    return Starter(key, raw["title"], raw["about"], tuple(raw["agents"]), tuple(raw["workflows"]), file, places)
