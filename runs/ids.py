"""Ids that derive from a run and a key: doing something twice finds the first row instead of making a second."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID, uuid5

_MOST = 8_192  # ids that are kept: a step asks for the same few again and again


@lru_cache(maxsize=_MOST)
def stage_run_id(run_id: UUID, entry: int) -> UUID:
    """Id of the visit with that number."""
    return uuid5(run_id, f"stage:{entry}")


@lru_cache(maxsize=_MOST)
def agent_run_id(run_id: UUID, key: str) -> UUID:
    """Id of the agent run with that key ("ENTRY/POSITION")."""
    return uuid5(run_id, f"agent:{key}")


def gate_id(run_id: UUID, key: str) -> UUID:
    """Id of the gate with that key ("ENTRY/EDGE/INDEX")."""
    return uuid5(run_id, f"gate:{key}")


@lru_cache(maxsize=_MOST)
def call_id(run_id: UUID, key: str) -> UUID:
    """Id of the workflow call with that key ("AGENT KEY/TURN/INDEX" or "route/ENTRY")."""
    return uuid5(run_id, f"call:{key}")


def child_run_id(call: UUID) -> UUID:
    """Id of the run that a workflow call starts: one call, one child."""
    return uuid5(call, "child")
