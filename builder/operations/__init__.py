"""Writes of definitions, a file per topic. Nothing is stored here that an import would refuse."""

from builder.operations.agents import create_agent, delete_agent, patch_agent, replace_agent
from builder.operations.assignments import update_assignment
from builder.operations.editing import Edited, command_of, edit
from builder.operations.outcomes import OutcomeEdit, update_stage_outcomes
from builder.operations.versions import restore_version
from builder.operations.workflows import create_workflow, delete_workflow, patch_workflow, replace_workflow

__all__ = (
    "Edited",
    "OutcomeEdit",
    "command_of",
    "create_agent",
    "create_workflow",
    "delete_agent",
    "delete_workflow",
    "edit",
    "patch_agent",
    "patch_workflow",
    "replace_agent",
    "replace_workflow",
    "restore_version",
    "update_assignment",
    "update_stage_outcomes",
)
