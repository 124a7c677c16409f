"""Definitions as they are edited, a file per noun. `builder.spec` is what they mean; runs never read these rows."""

from builder.models.assignment import AllowedWorkflow, Assignment
from builder.models.edit import Edit, Place
from builder.models.hook import Hook
from builder.models.route import Route
from builder.models.stage import Outcome, Stage
from builder.models.trigger import Trigger
from builder.models.version import WorkflowVersion
from builder.models.workflow import Workflow

__all__ = (
    "AllowedWorkflow",
    "Assignment",
    "Edit",
    "Hook",
    "Outcome",
    "Place",
    "Route",
    "Stage",
    "Trigger",
    "Workflow",
    "WorkflowVersion",
)
