"""What a check finds, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from builder.checks.surroundings import Surroundings
from builder.spec import WorkflowSpec
from builder.validation import path_text
from projects.errors import Detail

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """Something to look at, and its place in the workflow's block: ("stages", 1, "routes", "approve")."""

    message: str
    loc: Loc = ()

    @property
    def detail(self) -> Detail:
        """The same as the API tells it."""
        return Detail(path=path_text(self.loc), message=self.message)


@dataclass(frozen=True)
class Findings:
    """A problem stops a run or would fail it. A warning is legal, and probably not meant."""

    found_problems: tuple[Finding, ...]
    found_warnings: tuple[Finding, ...]

    @property
    def problems(self) -> list[Detail]:
        """The problems, each with its path."""
        return [finding.detail for finding in self.found_problems]

    @property
    def warnings(self) -> list[Detail]:
        """The warnings, each with its path."""
        return [finding.detail for finding in self.found_warnings]


Rule = Callable[[WorkflowSpec, Surroundings], Iterator[Finding]]


def told(message: str, *loc: str | int) -> Finding:
    """A finding at its place."""
    return Finding(message, loc)
