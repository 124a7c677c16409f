"""All rules at once."""

from __future__ import annotations

from builder.checks.findings import Findings
from builder.checks.problems import PROBLEMS
from builder.checks.surroundings import Surroundings, surroundings_in
from builder.checks.warnings import WARNINGS
from builder.models import Workflow
from builder.spec import WorkflowSpec


def check(spec: WorkflowSpec, around: Surroundings) -> Findings:
    """All problems and warnings of `spec`."""
    return Findings(
        tuple(item for rule in PROBLEMS for item in rule(spec, around)),
        tuple(item for rule in WARNINGS for item in rule(spec, around)),
    )


def check_stored(workflow: Workflow, around: Surroundings | None = None) -> Findings:
    """All problems and warnings of a stored workflow, among the others of its project (`around`, where it is known)."""
    around = around or surroundings_in(workflow.project)
    return check(around.workflows[workflow.name], around)
