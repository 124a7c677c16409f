"""The API of what is the agents' own alone. Agents themselves are served by `builder.api`, which knows their places."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["agents"])
