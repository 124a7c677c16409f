"""Pages of the builder."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from builder.views import canvas, commands, drawers, help, history, outline, starting

urlpatterns: list[URLPattern | URLResolver] = [
    path("w/<int:workflow_id>", canvas.canvas, name="workflow"),
    path("w/<int:workflow_id>/outline", outline.outline, name="workflow-outline"),
    path("w/<int:workflow_id>/commands", commands.commands, name="workflow-commands"),
    path("w/<int:workflow_id>/sync", commands.synced, name="workflow-sync"),
    path("w/<int:workflow_id>/copy", commands.copy, name="workflow-copy"),
    path("w/<int:workflow_id>/connect", canvas.connect, name="workflow-connect"),
    path("w/<int:workflow_id>/history", history.history, name="workflow-history"),
    path("w/<int:workflow_id>/history/compare", history.compare, name="workflow-compare"),
    path("w/<int:workflow_id>/history/<int:number>", history.one_edit, name="workflow-edit"),
    path("p/<slug:slug>/workflows/new", starting.new_workflow, name="new-workflow"),
    path("help/triggering", help.triggering, name="help-triggering"),
    path("help/shortcuts", help.shortcuts, name="help-shortcuts"),
    path("drawers/stages/<int:stage_id>", drawers.stage, name="stage-drawer"),
    path("drawers/stages/<int:stage_id>/outcome", drawers.outcome, name="outcome-drawer"),
    path("drawers/stages/<int:stage_id>/target", drawers.target, name="target-drawer"),
    path("drawers/assignments/<int:assignment_id>", drawers.assignment, name="assignment-drawer"),
    path("drawers/hooks/<int:hook_id>", drawers.hook, name="hook-drawer"),
    path("drawers/agents/<int:agent_id>", drawers.agent, name="agent-drawer"),
    path("drawers/workflows/<int:workflow_id>", drawers.workflow, name="workflow-drawer"),
    path("drawers/workflows/<int:workflow_id>/archive", drawers.archive_workflow, name="workflow-archive"),
    path("drawers/workflows/<int:workflow_id>/delete", drawers.delete_workflow, name="workflow-delete"),
]
