"""The drawers that edit a workflow, a file per drawer. Without htmx they stand on the whole page."""

from builder.views.drawers.agent import agent
from builder.views.drawers.assignment import assignment
from builder.views.drawers.hook import hook
from builder.views.drawers.outcome import outcome, target
from builder.views.drawers.stage import stage
from builder.views.drawers.workflow import archive as archive_workflow
from builder.views.drawers.workflow import delete as delete_workflow
from builder.views.drawers.workflow import workflow

__all__ = (
    "agent",
    "archive_workflow",
    "assignment",
    "delete_workflow",
    "hook",
    "outcome",
    "stage",
    "target",
    "workflow",
)
