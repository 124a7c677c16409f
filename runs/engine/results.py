"""What a run returns, and the values that its templates and conditions may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runs.engine.state import Result, RunState, Values

Json = Any


def run_result(workflow: str, values: Values) -> Result:
    """Shared results, merged; else the final output; else a notice that names the workflow."""
    if values.results:
        return Result("structured", dict(values.results))
    if values.narrative:
        return Result("narrative", values.narrative)
    return Result("notice", f"Workflow {workflow} completed.")


def narrative(texts: Iterable[str | None]) -> str | None:
    """The non-empty texts of one stage, in position order, joined by a blank line."""
    return "\n\n".join(text for text in texts if text and text.strip()) or None


def envelope(
    status: str, *, result: Result | None = None, error: str | None = None, run_id: str | None = None
) -> dict[str, Json]:
    """The shape in which every workflow call comes back."""
    return {
        "status": status,
        "kind": result.kind if result else None,
        "result": result.value if result else None,
        "error": error,
        "run_id": run_id,
    }


def known_values(state: RunState, *, stage: str, agent: str | None = None) -> Mapping[str, Json]:
    """Every name that `{{…}}` and `when` may use at this point of the run; what is not known yet is no name."""
    known = {
        "input": state.input,
        "visit": state.visit,
        "stage": stage,
        "agent": agent,
        "outcome": state.outcome,
        "results": state.values.results,
        "hooks": state.values.hooks,
        "workflows": state.values.workflows,
    }
    return {name: value for name, value in known.items() if value is not None}
