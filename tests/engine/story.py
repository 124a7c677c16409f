"""What the event log alone says about a run: a fold of its events into statuses, without a look at the state."""

from __future__ import annotations

from dataclasses import dataclass, field

from runs.engine.decision import NewEvent

# Section 6 of the interfaces: the kinds that scripts and dashboards may rely on.
KINDS = frozenset(
    f"{thing}.{what}"
    for thing, whats in {
        "run": ("started", "waiting", "resumed", "paused", "completed", "failed", "cancelled"),
        "stage": ("started", "finished", "skipped"),
        "agent": ("started", "turn", "tool", "message", "blocked", "resumed", "retrying", "finished", "failed"),
        "results": ("shared",),
        "outcome": ("decided",),
        "route": ("taken",),
        "guard": ("reached",),
        "workflow": ("triggered", "returned", "late"),
        "hook": ("started", "finished", "failed"),
        "gate": ("opened", "reminded", "voted", "answered", "expired"),
        "message": ("received",),
    }.items()
    for what in whats
) | {"warning"}
TERMINAL = {"run.completed": "completed", "run.failed": "failed", "run.cancelled": "cancelled"}
_AGENT_STATUS = {
    "agent.started": "at work",
    "agent.blocked": "blocked",
    "agent.resumed": "at work",
    "agent.finished": "done",
    "agent.failed": "failed",
}
_OVER = ("done", "failed", "cancelled")


@dataclass(slots=True)
class Visit:
    """A visit to a stage as the log tells it."""

    name: str | None
    visit: int
    status: str = "running"
    outcome: str | None = None


@dataclass(slots=True)
class Story:
    """Statuses told by events. An agent that is ready or running is `at work`: the log does not tell these apart."""

    status: str = "queued"
    visits: list[Visit] = field(default_factory=list)
    agents: dict[str, str] = field(default_factory=dict)
    ended: int = 0  # terminal events seen

    def take(self, event: NewEvent) -> None:
        """Read one more event."""
        assert event.kind in KINDS, event.kind
        assert not self.ended or event.kind == "workflow.late", f"{event.kind} after the end"
        if event.kind.startswith("run."):
            self._run(event)
        elif event.kind.startswith("stage."):
            self._stage(event)
        elif event.kind.startswith("agent."):
            self._agent(event)
        elif event.data.get("code") == "stage_failed":
            self._end_agents()

    def _run(self, event: NewEvent) -> None:
        if event.kind in TERMINAL:
            self.ended += 1
        words = {"run.waiting": "waiting", "run.resumed": "running", "run.paused": "paused", **TERMINAL}
        self.status = words[event.kind]

    def _stage(self, event: NewEvent) -> None:
        if event.kind == "stage.started":
            assert event.data["entry"] == len(self.visits) + 1
            self.visits.append(Visit(event.stage, event.data["visit"]))
            self.status = "running" if self.status == "queued" else self.status
            return
        visit = self.visits[-1]
        assert visit.status == "running", "a visit finished twice"
        assert (visit.name, visit.visit) == (event.stage, event.data["visit"])
        visit.status = next((word for word in ("failed", "cancelled") if event.data.get(word)), "done")
        visit.outcome = event.data["outcome"]
        self._end_agents()

    def _end_agents(self) -> None:
        """The visit is over, or has failed: who is still at work in it is cancelled."""
        of_visit = f"{len(self.visits)}/"
        for key, status in self.agents.items():
            if key.startswith(of_visit) and status not in _OVER:
                self.agents[key] = "cancelled"

    def _agent(self, event: NewEvent) -> None:
        key = event.data["key"]
        assert self.agents.get(key) not in _OVER, f"{event.kind} of {key}, which is over"
        assert (event.kind == "agent.started") is (key not in self.agents)
        if event.kind == "agent.retrying":
            self.agents[key] = "retrying" if event.data.get("until") else "at work"
        elif event.kind in _AGENT_STATUS:
            self.agents[key] = _AGENT_STATUS[event.kind]
