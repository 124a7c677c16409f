"""What the event log alone says about a run: a fold of its events into statuses, without a look at the state."""

from __future__ import annotations

from dataclasses import dataclass, field

from runs.engine.decision import NewEvent

# Section 6 of the interfaces: the kinds that scripts and dashboards may rely on.
KINDS = frozenset(
    """
    run.started run.waiting run.resumed run.paused run.completed run.failed run.cancelled
    stage.started stage.finished stage.skipped
    agent.started agent.turn agent.tool agent.message agent.blocked agent.resumed agent.retrying agent.finished
    agent.failed results.shared outcome.decided route.taken guard.reached
    workflow.triggered workflow.returned workflow.late
    hook.started hook.finished hook.failed gate.opened gate.reminded gate.answered gate.expired
    message.received warning
    """.split()
)
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
    """Statuses told by events. An agent is `at work` while it is ready or running: the log does not tell these apart."""

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
