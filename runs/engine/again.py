"""Running a workflow again that a kept stage of a re-run had called."""

from __future__ import annotations

from dataclasses import replace

from runs.engine.beside import Again, Restart
from runs.engine.decision import RouteRequest
from runs.engine.draft import Draft
from runs.engine.state import Phase, RoutedCall


def call_again(draft: Draft, restart: Restart, call: Again) -> None:
    """Ask for the workflow; the run waits for it, and then comes to its beginning once more."""
    where = draft.definition.workflow.stages[restart.stage].name
    draft.change(
        restart=replace(restart, again=restart.again[1:]),
        stage=call.stage,
        phase=Phase.CALL,
        call=RoutedCall(call.key, call.workflow, where),
    )
    draft.route = RouteRequest(call.key, draft.state.entry, call.workflow, call.input, call.timeout, call.agent)
