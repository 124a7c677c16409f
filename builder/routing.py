"""Addresses of sockets."""

from __future__ import annotations

from django.urls import path

from builder.consumers import WorkflowConsumer

websocket_urlpatterns = [path("ws/workflows/<str:workflow_id>", WorkflowConsumer.as_asgi())]
