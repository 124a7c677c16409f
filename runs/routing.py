"""Addresses of sockets."""

from __future__ import annotations

from django.urls import path

from runs.consumers import InboxConsumer, ProjectConsumer, RunConsumer
from runs.list_watching import ListConsumer

websocket_urlpatterns = [
    path("ws/runs/<str:run_id>", RunConsumer.as_asgi()),
    path("ws/approvals", InboxConsumer.as_asgi()),
    path("ws/projects/<slug:slug>/runs", ListConsumer.as_asgi()),
    path("ws/projects/<str:slug>", ProjectConsumer.as_asgi()),
]
