"""HTTP and sockets."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

# Imported after Django is set up: they load models.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from builder import routing as builder_routing  # noqa: E402
from config.handler import OneThreadHandler  # noqa: E402
from runs import routing as runs_routing  # noqa: E402

_sockets = URLRouter([*builder_routing.websocket_urlpatterns, *runs_routing.websocket_urlpatterns])
application = ProtocolTypeRouter(
    {"http": OneThreadHandler(), "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(_sockets))}
)
