"""The only room that writes rows of runs: load with a lock, save what was decided in one transaction."""

from runs.store.calls import clear_cascade, keep_late, mark_cascade, resolve_call, waiting_callers
from runs.store.creating import NewCall, child_id_for, insert_calls, insert_runs
from runs.store.links import insert_link, use_link, withdraw_links
from runs.store.rerunning import Keeps, insert_rerun
from runs.store.saving import Lease, save, save_tool_results
from runs.store.transactions import in_transaction, write_ahead
from runs.store.upkeep import (
    beat,
    cancel_scheduled,
    count_lost_claim,
    delete_finished,
    expire_leases_of,
    forget_beats,
    mark_rung,
    renew_leases,
    schedule_start,
    settle_scheduled,
)
from runs.store.work import NewRun, TurnRecord, Work, lock, state_of, work_on

__all__ = [
    "Keeps",
    "Lease",
    "NewCall",
    "NewRun",
    "TurnRecord",
    "Work",
    "beat",
    "cancel_scheduled",
    "child_id_for",
    "clear_cascade",
    "count_lost_claim",
    "delete_finished",
    "expire_leases_of",
    "forget_beats",
    "in_transaction",
    "insert_calls",
    "insert_link",
    "insert_rerun",
    "insert_runs",
    "keep_late",
    "lock",
    "mark_cascade",
    "mark_rung",
    "renew_leases",
    "resolve_call",
    "save",
    "save_tool_results",
    "schedule_start",
    "settle_scheduled",
    "state_of",
    "use_link",
    "waiting_callers",
    "withdraw_links",
    "work_on",
    "write_ahead",
]
