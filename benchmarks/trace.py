"""Where the time of one W goes: counts its transactions and statements, and times their parts, in one process.

`python -m benchmarks.trace COUNT [DATABASE_URL]` does the work as a worker does it and prints JSON; without an address
on a SQLite file of its own. It wraps the functions named below; one that was renamed stops it with its name.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from typing import Any

# What a step consists of: (module, name there, part). Time within a part counts for the innermost.
_PARTS = (
    ("runs.store", "in_transaction", "transaction"),
    ("runs.store", "write_ahead", "transaction"),
    ("runs.store", "lock", "load"),
    ("runs.store", "save", "write"),
    ("runs.store", "insert_calls", "write"),
    ("runs.store", "insert_runs", "write"),
    ("runs.store", "resolve_call", "write"),
    ("runs.engine.machine", "decide", "decide"),
    ("runs.effects.agent_turn", "_restore", "compose"),
    ("runs.effects.tools", "sort_calls", "compose"),
    ("agents.runtime.turn", "begin_turn", "model"),
    ("runs.bell", "ring", "tell"),
    ("runs.fanout", "changed", "tell"),
)
PARTS = ("compose", "model", "transaction", "load", "decide", "write", "commit", "tell", "other")
STATEMENTS = "statements"
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)", re.IGNORECASE)
_TABLE = re.compile(r'(?:INTO|UPDATE|FROM)\s+"?(\w+)"?', re.IGNORECASE)


@dataclass
class Recorder:
    """What one W did: for each step the milliseconds of its parts, and every statement."""

    steps: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    inside: list[str] = field(default_factory=list)  # statements of transactions
    outside: list[str] = field(default_factory=list)  # statements between them
    commits: int = 0  # transactions that wrote
    counts: Counter[str] = field(default_factory=Counter)  # statements of each step
    watching: bool = True
    step: str = "accept"
    _stack: list[list[float]] = field(default_factory=list)
    _wrote: bool = False

    def timed(self, part: str, call: Callable[[], Any]) -> Any:
        """Run something and add its own time, without that of the parts inside it, to the current step."""
        inner = [0.0]
        self._stack.append(inner)
        step, started = self.step, time.perf_counter()
        try:
            return call()
        finally:
            taken = (time.perf_counter() - started) * 1000
            self._stack.pop()
            self.steps[step][part] += taken - inner[0]
            if self._stack:
                self._stack[-1][0] += taken

    def ran(self, sql: str, *, inside: bool) -> None:
        """A statement was run."""
        if sql.startswith("BEGIN") or not self.watching:
            return
        writes = _WRITES.match(sql) is not None
        self.counts[self.step] += 1
        (self.inside if inside or writes else self.outside).append(sql)
        self._wrote = self._wrote or writes
        if not inside:  # one statement that is a transaction of its own
            self.committed()

    def committed(self) -> None:
        """A transaction ended."""
        self.commits += self._wrote
        self._wrote = False


_WARM_UP = 3
_sqlite_commits = 0
recorder = Recorder()


def _wrap(module: str, name: str, part: str) -> None:
    place = import_module(module)
    real = getattr(place, name)

    @wraps(real)
    def timed(*args: Any, **kwargs: Any) -> Any:
        return recorder.timed(part, lambda: real(*args, **kwargs))

    setattr(place, name, timed)


def _name_steps() -> None:
    """Each claim and each turn is a step of its own."""
    drive = import_module("runs.drive")
    real_claim, real_carry_out = drive.claim, drive.carry_out

    def claim(run_id: Any) -> Any:
        recorder.step = "take up the child" if "turn" in recorder.step else "take up the run"
        return recorder.timed("other", lambda: real_claim(run_id))

    def carry_out(step: Any) -> Any:
        agent = step.frozen.workflow.stages[step.state.stage].assignments[step.agent.position].agent
        recorder.step = f"{agent}, turn {step.agent.turn + 1}"
        return recorder.timed("other", lambda: real_carry_out(step))

    vars(drive).update(claim=claim, carry_out=carry_out)


def _watch_database() -> None:
    """Every statement, whether by the ORM or by our own kept SQL, and every commit."""
    from django.db import connection

    from projects import statements

    real_run, real_commit = statements.run, connection.commit

    def run(sql: str, values: Any) -> Any:
        if sql == "COMMIT":
            recorder.timed("commit", lambda: real_run(sql, values))
            recorder.committed()
            return None
        recorder.ran(sql, inside=inside())
        return real_run(sql, values)

    def inside() -> bool:
        return connection.in_atomic_block or (connection.vendor == "sqlite" and connection.connection.in_transaction)

    def orm(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        recorder.ran(sql, inside=inside())
        return execute(sql, params, many, context)

    def commit() -> None:
        recorder.timed("commit", real_commit)
        recorder.committed()

    def told(sql: str) -> None:
        global _sqlite_commits
        _sqlite_commits += sql == "COMMIT"

    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.set_trace_callback(told)
    statements.run = run
    connection.execute_wrappers.append(orm)
    connection.commit = commit  # type: ignore[method-assign]


def _prepare(database_url: str) -> Any:
    """Django on a database, with the reference work in it; returns the workflow Parent."""
    from benchmarks.bed import WORK  # brings a data folder and a Redis of its own with it

    os.environ.update({"DATABASE_URL": database_url, "LOG_LEVEL": "warning"})
    sys.argv = ["manage.py", "worker"]  # as a worker: one connection, kept
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from builder.models import Workflow
    from builder.project_file import import_project, parse_file
    from projects.access import Caller

    call_command("migrate", verbosity=0)
    call_command("bootstrap", demo=False, verbosity=0)
    import_project(Caller(User.objects.get(username="admin")), parse_file(WORK.read_bytes(), yaml=True))
    import_module("agents.runtime.turn").warm_up()
    return Workflow.objects.select_related("project").get(name="Parent")


def _once(workflow: Any, starter: int) -> dict[str, float]:
    """One W; returns what a clock around it says, in milliseconds."""
    from runs.drive import drive
    from runs.operations import Start, start_run

    started, cpu = time.perf_counter(), time.process_time()
    row, _ = recorder.timed("other", lambda: start_run(workflow, "go", Start("api", starter)))
    drive(row.pk)
    ended = time.time()
    recorder.watching = False
    taken = {"clock": (time.perf_counter() - started) * 1000, "cpu": (time.process_time() - cpu) * 1000}
    row.refresh_from_db()
    if row.status != "completed":
        raise RuntimeError(f"a W ended as {row.status}: {row.error}")
    inside = (row.finished_at - row.created_at).total_seconds() * 1000
    return {**taken, "inside": inside, "tail": ended * 1000 - row.finished_at.timestamp() * 1000}


def measure(count: int, database_url: str = "") -> dict[str, Any]:
    """Do W some times; medians of the times, and the statements of the last one."""
    global recorder
    workflow = _prepare(database_url)
    # The two questions for the first count, and the look at each run that has ended, are counted in the second.
    own = 2 + count if database_url else 0
    starter = workflow.project.members.get().user_id
    for module, name, part in _PARTS:
        _wrap(module, name, part)
    _name_steps()
    _watch_database()
    clocks, steps = [], []
    seen = 0
    for number in range(-_WARM_UP, count):
        if number == 0:
            seen = _transactions_seen()
        recorder = Recorder()
        clock = _once(workflow, starter)
        if number >= 0:
            clocks.append(clock)
            steps.append(recorder.steps)
    return {
        "clock": {name: statistics.median(clock[name] for clock in clocks) for name in clocks[0]},
        "steps": {step: {**_parts(steps, step), STATEMENTS: recorder.counts[step]} for step in steps[-1]},
        "transactions": recorder.commits,
        "transactions_seen": (_transactions_seen() - seen - own) / count,
        "statements": len(recorder.inside),
        "outside": len(recorder.outside),
        "shapes": dict(Counter(_shape(sql) for sql in recorder.inside + recorder.outside).most_common()),
    }


def _transactions_seen() -> int:
    """Transactions by the database's own count. PostgreSQL also counts each statement that stands alone as one."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return _sqlite_commits
    server = connection.connection
    server.execute("SELECT pg_stat_force_next_flush()")
    count = server.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(count[0])


def _parts(ones: list[dict[str, dict[str, float]]], step: str) -> dict[str, float]:
    return {part: statistics.median(one[step][part] for one in ones) for part in PARTS}


def _shape(sql: str) -> str:
    """A statement in two words: what it does, and to which table first."""
    table = _TABLE.search(sql)
    return f"{sql.split(None, 1)[0].upper()} {table[1] if table else ''}".strip()


if __name__ == "__main__":
    arguments = list(sys.argv[1:])  # Django is told another command line
    with suppress(BrokenPipeError):
        print(json.dumps(measure(int(arguments[0]), *arguments[1:])))
