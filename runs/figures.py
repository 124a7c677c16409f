"""What the runs of a project came to over a time: counted by the database, in a fixed number of queries.

Dry runs do not count. A run counts at the time when it was started. Days that are over are counted once, see
`finished_days`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, FloatField, Func, Max, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from projects.models import Project
from runs.engine.status import AgentStatus, CallStatus, GateStatus, RunStatus
from runs.finished_days import Rows, Span, beginning, rows_by_day, within
from runs.light_rows import NOT_OVER
from runs.models import AgentRun, Event, Gate, WorkflowCall, WorkflowRun

_MOST_WAITING = 8
_NEVER = datetime.max.replace(tzinfo=UTC)
Row = dict[str, Any]


class Seconds(Func):
    """The time between two moments in seconds; null where one of them is. Without Python's help in SQLite."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Days, times the seconds of one."""
        return self.as_sql(
            compiler, connection, template="(julianday(%(expressions)s)) * 86400.0", arg_joiner=") - julianday("
        )

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """An interval, as seconds."""
        return self.as_sql(
            compiler, connection, template="extract(epoch FROM (%(expressions)s))::float8", arg_joiner=" - "
        )


@dataclass(slots=True)
class Figures:
    """Sums over some runs. `seconds` and `longest` are of those that ended by themselves."""

    runs: int = 0
    completed: int = 0
    failed: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    tokens: int = 0
    cost: float = 0.0

    @property
    def ended(self) -> int:
        """How many completed or failed; a cancelled run is neither."""
        return self.completed + self.failed

    @property
    def rate(self) -> float | None:
        """The share of ended runs that completed, 0 to 1; None without any."""
        return self.completed / self.ended if self.ended else None

    @property
    def mean(self) -> float | None:
        """Seconds that an ended run took from its start on average; None without any."""
        return self.seconds / self.ended if self.ended else None

    def add(self, row: dict[str, Any]) -> None:
        """Add one row of a grouped query."""
        self.runs += row["count"]
        self.tokens += (row["sent"] or 0) + (row["got"] or 0)
        self.cost += row["paid"] or 0.0
        if row["status"] not in (RunStatus.COMPLETED.value, RunStatus.FAILED.value):
            return
        if row["status"] == RunStatus.COMPLETED.value:
            self.completed += row["count"]
        else:
            self.failed += row["count"]
        self.seconds += row["took"] or 0.0
        self.longest = max(self.longest, row["most"] or 0.0)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The sums as a whole, by the beginning of an hour or a day (ISO, UTC, cut off), and by workflow."""

    total: Figures
    by_time: dict[str, Figures]
    by_workflow: dict[str, Figures]
    by_both: dict[tuple[str, str], Figures]  # (workflow, beginning)


def _run_figures(rows: Iterable[Row]) -> RunFigures:
    found = RunFigures(Figures(), {}, {}, {})
    for row in rows:
        at, workflow = row["begun"], row["workflow_name"]
        found.total.add(row)
        found.by_time.setdefault(at, Figures()).add(row)
        found.by_workflow.setdefault(workflow, Figures()).add(row)
        found.by_both.setdefault((workflow, at), Figures()).add(row)
    return found


@dataclass(slots=True)
class Spent:
    """What models were asked and what that used. `cost` in US dollars, as far as prices are known."""

    turns: int = 0
    tokens: int = 0
    cost: float = 0.0

    def add(self, row: dict[str, Any]) -> None:
        """Add one row of a grouped query."""
        self.turns += row["count"]
        self.tokens += int((row["sent"] or 0) + (row["got"] or 0))
        self.cost += row["paid"] or 0.0


@dataclass(slots=True)
class AgentFigures:
    """How often an agent worked, how often it failed, how long it took when it ended, and what it used."""

    works: int = 0
    failed: int = 0
    seconds: float = 0.0
    ended: int = 0
    spent: Spent = field(default_factory=Spent)
    by_time: dict[str, Spent] = field(default_factory=dict)  # by the beginning of an hour or a day


def _agent_figures(rows: Rows) -> dict[str, AgentFigures]:
    found: dict[str, AgentFigures] = {}
    for row in rows.works:
        one = found.setdefault(row["agent"], AgentFigures())
        one.works += row["count"]
        one.failed += row["count"] if row["status"] == AgentStatus.FAILED.value else 0
        one.seconds += row["took"] or 0.0
        one.ended += row["ended"]
    for row in rows.turns:
        one = found.setdefault(row["agent"], AgentFigures())
        one.spent.add(row)
        one.by_time.setdefault(row["begun"], Spent()).add(row)
    return found


def figures(project: Project, since: datetime, *, hourly: bool) -> tuple[RunFigures, dict[str, AgentFigures]]:
    """The runs begun since a moment, and their agents by name: three queries by the hour. By the day (`since` begins
    one) it is two more, and these tell which days have to be counted."""

    def count(spans: Sequence[Span]) -> Rows:
        return Rows(*(each(project, spans, hourly) for each in (_runs, _works, _turns)))

    rows = count([(since, _NEVER)]) if hourly else rows_by_day(project, since, count)
    return _run_figures(rows.runs), _agent_figures(rows)


def _runs(project: Project, spans: Sequence[Span], hourly: bool) -> list[Row]:
    begun = WorkflowRun.objects.filter(within(spans), project=project, dry__isnull=True)
    took = Seconds("finished_at", "started_at")
    sums = {"took": Sum(took), "most": Max(took), "sent": Sum("input_tokens"), "got": Sum("output_tokens")}
    return _grouped(begun, "", hourly, ("workflow_name", "status"), paid=Sum("cost"), **sums)


def _works(project: Project, spans: Sequence[Span], hourly: bool) -> list[Row]:
    works = AgentRun.objects.filter(within(spans, "run__created_at"), run__project=project, run__dry__isnull=True)
    own = works.exclude(run__rerun__kept__gte=F("stage_run__entry"))  # what a re-run keeps was done in another run
    took = Sum(Seconds("finished_at", "started_at"))
    return _grouped(own, "run__", hourly, ("agent", "status"), ended=Count("finished_at"), took=took)


def _turns(project: Project, spans: Sequence[Span], hourly: bool) -> list[Row]:
    # From the log: its rows are small, whereas SQLite reads what a turn was sent before it comes to what that used.
    turns = Event.objects.filter(
        within(spans, "run__created_at"), kind="agent.turn", run__project=project, run__dry__isnull=True
    )
    names = {"sent": "input_tokens", "got": "output_tokens", "paid": "cost"}
    sums = {short: Sum(Cast(KT(f"data__usage__{name}"), FloatField())) for short, name in names.items()}
    return _grouped(turns, "run__", hourly, ("agent",), **sums)


def _grouped(rows: QuerySet[Any], run: str, hourly: bool, by: Sequence[str], **sums: Any) -> list[Row]:
    """The rows in groups, also by the hour or the day when their run was begun."""
    at = beginning(f"{run}created_at", hourly=hourly)
    shown = rows.values(*by, begun=at).annotate(count=Count("pk"), **sums).order_by()
    return [{**row, "begun": row["begun"].replace("T", " ")} for row in shown]


def waiting_longest(project: Project) -> Iterable[tuple[datetime, WorkflowRun, str]]:
    """Since when, which run, and for what: open gates and calls of workflows, the oldest first."""
    # Named by their states, so that the database begins with the few runs that are not over.
    here = {"run__project": project, "run__dry__isnull": True, "run__status__in": NOT_OVER}
    gates = Gate.objects.filter(**here, status=GateStatus.OPEN.value).order_by("opened_at")[:_MOST_WAITING]
    calls = WorkflowCall.objects.filter(**here, status=CallStatus.WAITING.value).order_by("since")[:_MOST_WAITING]
    shown = [f"run__{name}" for name in ("id", "number", "workflow_name")]
    found = [
        (gate.opened_at, gate.run, f"a person, at {gate.stage}")
        for gate in gates.select_related("run").only("opened_at", "stage", *shown)
    ]
    found += [
        (call.since, call.run, call.workflow_name)
        for call in calls.select_related("run").only("since", "workflow_name", *shown)
    ]
    return sorted(found, key=lambda each: each[0])[:_MOST_WAITING]
