"""The drawers that edit a workflow, a file per drawer. Without htmx they stand on the whole page."""

from builder.views.drawers.agent import agent
from builder.views.drawers.assignment import assignment
from builder.views.drawers.hook import hook
from builder.views.drawers.outcome import outcome, target
from builder.views.drawers.stage import stage
from builder.views.drawers.workflow import workflow

__all__ = ("agent", "assignment", "hook", "outcome", "stage", "target", "workflow")
