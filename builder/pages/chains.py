"""Warnings beside a route, while it is designed: chains that are too deep, and workflows that trigger themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.checks import MAX_DEPTH

Starts = Mapping[str, Sequence[str]]


def route_warning(workflow: str, target: str, starts: Starts) -> str:
    """What a person should know before `workflow` routes to `target`; empty where there is nothing.

    `starts` tells which workflows each workflow of the project is known to start.
    """
    if target == workflow:
        return "This workflow triggers itself. It may do so once; a workflow cannot keep triggering itself."
    chain = _too_deep(workflow, target, starts)
    if not chain:
        return ""
    return (
        f"With this the chain {' > '.join(chain)} is {len(chain)} workflows long: "
        f"the run's last call is refused, depth limit exceeded (at most {MAX_DEPTH} workflows one below another)."
    )


def _too_deep(workflow: str, target: str, starts: Starts) -> list[str]:
    """A chain through the route that is one too long, from this workflow on if there is one, else from its callers."""
    below = _longest([workflow, target], starts)
    above = _longest([workflow], _callers(starts), MAX_DEPTH + 2 - len(below))
    chain = [*reversed(above), *below[1:]]
    return chain if len(chain) > MAX_DEPTH else []


def _callers(starts: Starts) -> dict[str, list[str]]:
    callers: dict[str, list[str]] = {}
    for caller, called in starts.items():
        for name in called:
            callers.setdefault(name, []).append(caller)
    return callers


def _longest(chain: list[str], onward: Starts, most: int = MAX_DEPTH + 1) -> list[str]:
    """The longest chain that goes on from here, at most `most` names."""
    if len(chain) >= most:
        return chain
    following = (name for name in onward.get(chain[-1], ()) if name != chain[-1])
    return max((_longest([*chain, name], onward, most) for name in following), key=len, default=chain)
