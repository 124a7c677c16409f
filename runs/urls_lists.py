"""Addresses of the lists of runs and of the dashboard."""

from __future__ import annotations

from django.urls import path

from runs.views import bulk, dashboard, lists

urlpatterns = [
    path("p/<slug:slug>/dashboard", dashboard.project_dashboard, name="project-dashboard"),
    path("p/<slug:slug>/runs", lists.project_runs, name="project-runs"),
    path("p/<slug:slug>/runs/sync", lists.project_runs_sync, name="project-runs-sync"),
    path("p/<slug:slug>/runs/cancel", bulk.cancel, name="runs-cancel"),
    path("p/<slug:slug>/runs/retry", bulk.retry, name="runs-retry"),
    path("p/<slug:slug>/runs/views", lists.save_view, name="runs-view-save"),
    path("p/<slug:slug>/runs/views/<int:view_id>/delete", lists.delete_view, name="runs-view-delete"),
    path("w/<int:workflow_id>/runs", lists.workflow_runs, name="workflow-runs"),
    path("w/<int:workflow_id>/runs/sync", lists.workflow_runs_sync, name="workflow-runs-sync"),
]
