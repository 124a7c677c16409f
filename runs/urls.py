"""Pages of runs, approvals, and the two pages that show projects with their runs."""

from __future__ import annotations

from django.urls import path, re_path

from runs.views import compare, control, dry_runs, gates, home, links, run_tabs, runs, search, start

urlpatterns = [
    path("", home.projects, name="projects"),
    path("projects/new", home.new_project, name="new-project"),
    path("projects/demo", home.load_demo, name="load-demo"),
    path("search", search.search, name="search"),
    path("p/<slug:slug>", home.project, name="project"),
    path("p/<slug:slug>/delete", home.delete_project, name="project-delete"),
    path("w/<int:workflow_id>/run", start.run_dialog, name="run-dialog"),
    path("w/<int:workflow_id>/dry-run", dry_runs.dry_run_dialog, name="dry-run-dialog"),
    path("w/<int:workflow_id>/routes", dry_runs.taken, name="workflow-routes"),
    path("r/<str:run_id>", runs.run_page, name="run"),
    path("r/<str:run_id>/sync", runs.sync, name="run-sync"),
    path("r/<str:run_id>/events", runs.older_events, name="run-events"),
    path("r/<str:run_id>/download", run_tabs.result_file, name="run-download"),
    path("r/<str:run_id>/stages/<int:number>", runs.stage, name="run-stage"),
    path("r/<str:run_id>/agents/<str:agent_run>", runs.agent, name="run-agent"),
    path("r/<str:run_id>/cancel", runs.cancel, name="run-cancel"),
    path("r/<str:run_id>/stop", control.stop_dialog, name="run-stop"),
    path("r/<str:run_id>/message", control.message_dialog, name="run-message"),
    path("r/<str:run_id>/again", control.again_dialog, name="run-again"),
    path("runs/compare", compare.compare, name="run-compare"),
    path("r/<str:run_id>/pause", runs.pause, name="run-pause"),
    path("r/<str:run_id>/resume", runs.resume, name="run-resume"),
    path("approvals", gates.approvals, name="approvals"),
    path("approvals/sync", gates.approvals_sync, name="approvals-sync"),
    # Longer than the id of any gate.
    re_path(r"^a/(?P<secret>[A-Za-z0-9_-]{37,200})$", links.approval_link, name="approval-link"),
    path("a/<str:gate_id>", gates.gate, name="gate"),
    path("a/<str:gate_id>/sync", gates.gate_sync, name="gate-sync"),
    path("a/<str:gate_id>/answer", gates.answer, name="gate-answer"),
    path("a/<str:gate_id>/links", links.gate_links, name="gate-links"),
    path("a/<str:gate_id>/links/<int:link_id>/withdraw", links.withdraw, name="gate-link-withdraw"),
]
