"""What can go wrong with agents, beyond projects' own errors."""

from __future__ import annotations

from projects.errors import NotFound


class NoSuchAgent(NotFound):
    """There is no agent with this id or name in this project."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"There is no agent {ref[:200]!r} in this project.")
