"""What must hold in the database at any quiet moment, whatever has died: one statement each, no row is the answer.

The numbers are those of the project's list of invariants. All statements run on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from tests.faults.database import Database

_LISTS = {
    "FINAL": "('completed', 'failed', 'cancelled')",
    "ENDED": "('run.completed', 'run.failed', 'run.cancelled')",
    "UNDONE": "('ready', 'running', 'blocked', 'retrying')",
}

INVARIANTS: dict[str, str] = {
    "I1: every accepted run has its row, its number and the first event of its log": """
        SELECT r.id FROM runs_workflowrun r
        WHERE NOT EXISTS (SELECT 1 FROM runs_event e WHERE e.run_id = r.id AND e.seq = 1 AND e.kind = 'run.started')
    """,
    "I2: no run stands still without an open agent, call or gate": """
        SELECT r.id FROM runs_workflowrun r WHERE r.status IN ('running', 'waiting')
        AND NOT EXISTS (SELECT 1 FROM runs_agentrun a WHERE a.run_id = r.id AND a.status IN UNDONE)
        AND NOT EXISTS (SELECT 1 FROM runs_workflowcall c WHERE c.run_id = r.id AND c.status = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM runs_gate g WHERE g.run_id = r.id AND g.status = 'open')
    """,
    "I2: an agent is blocked by a call that waits, a retrying one has its time": """
        SELECT a.id FROM runs_agentrun a WHERE (a.status = 'retrying' AND a.retry_at IS NULL)
        OR (a.status = 'blocked'
            AND NOT EXISTS (SELECT 1 FROM runs_workflowcall c WHERE c.agent_run_id = a.id AND c.status = 'waiting'))
    """,
    "I3: events are numbered from 1 without gaps, and the run knows the last": """
        SELECT r.id, r.seq, count(e.id), min(e.seq), max(e.seq)
        FROM runs_workflowrun r LEFT JOIN runs_event e ON e.run_id = r.id
        GROUP BY r.id, r.seq HAVING count(e.id) <> r.seq OR max(e.seq) <> r.seq OR min(e.seq) <> 1
    """,
    "I4: one final event, and nothing but late returns after it": """
        SELECT e.run_id FROM runs_event e GROUP BY e.run_id
        HAVING sum(CASE WHEN e.kind IN ENDED THEN 1 ELSE 0 END) > 1
        OR max(CASE WHEN e.kind <> 'workflow.late' THEN e.seq ELSE 0 END)
           > coalesce(max(CASE WHEN e.kind IN ENDED THEN e.seq END), 1000000000)
    """,
    "I5: the row says what the log says": """
        SELECT r.id, r.status, e.kind FROM runs_workflowrun r
        LEFT JOIN runs_event e ON e.run_id = r.id AND e.kind IN ENDED
        WHERE (r.status IN FINAL AND (e.kind IS NULL OR e.kind <> 'run.' || r.status))
        OR (r.status NOT IN FINAL AND e.kind IS NOT NULL)
    """,
    "I5: as many answers are logged as are stored, by agent run and in all": """
        SELECT a.id, a.turns, count(t.id) FROM runs_agentrun a LEFT JOIN runs_agentturn t ON t.agent_run_id = a.id
        GROUP BY a.id, a.turns HAVING count(t.id) <> a.turns
        UNION ALL
        SELECT r.id, (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id AND e.kind = 'agent.turn'), sum(a.turns)
        FROM runs_workflowrun r JOIN runs_agentrun a ON a.run_id = r.id GROUP BY r.id
        HAVING (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id AND e.kind = 'agent.turn') <> sum(a.turns)
    """,
    "I6: no turn of an agent is stored twice, or left out": """
        SELECT t.agent_run_id FROM runs_agentturn t GROUP BY t.agent_run_id
        HAVING count(*) <> count(DISTINCT t.number) OR max(t.number) <> count(*)
    """,
    "I7: a call that has come back has one answer, and one that waits has none": """
        SELECT c.id, c.status FROM runs_workflowcall c
        WHERE (c.status IN ('waiting', 'started') AND (c.envelope IS NOT NULL OR c.resolved_at IS NOT NULL))
        OR (c.status NOT IN ('waiting', 'started') AND (c.envelope IS NULL OR c.resolved_at IS NULL))
    """,
    # A re-run keeps calls that came back before it began; they are in the log of the old run.
    "I7: every wait that an agent or a route has ended is logged once": """
        SELECT r.id, (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id AND e.kind = 'workflow.returned'),
            (SELECT count(*) FROM runs_workflowcall c WHERE c.run_id = r.id
             AND c.resolved_at >= r.created_at AND c.status IN ('completed', 'failed', 'timed_out'))
        FROM runs_workflowrun r
        WHERE (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id AND e.kind = 'workflow.returned')
            < (SELECT count(*) FROM runs_workflowcall c WHERE c.run_id = r.id
               AND c.resolved_at >= r.created_at AND c.status IN ('completed', 'failed', 'timed_out'))
    """,
    "I8: a call has one child, and a child one call that started it": """
        SELECT c.child_id FROM runs_workflowcall c JOIN runs_workflowrun child ON child.id = c.child_id
        WHERE child.parent_id = c.run_id AND substr(c.key, 1, 6) = 'route/'
        GROUP BY c.child_id HAVING count(*) > 1
        UNION ALL
        SELECT child.id FROM runs_workflowrun child
        WHERE child.parent_id IS NOT NULL AND child.origin = 'route'
        AND NOT EXISTS (SELECT 1 FROM runs_workflowcall c WHERE c.child_id = child.id AND c.run_id = child.parent_id)
    """,
    "I8: a run triggers as many workflows as its log says": """
        SELECT r.id FROM runs_workflowrun r
        WHERE (SELECT count(*) FROM runs_workflowrun child WHERE child.parent_id = r.id)
            > (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id
               AND e.kind IN ('workflow.triggered', 'agent.tool'))
    """,
    "I8: a child is one deeper than its parent, of the same project, and above the limit": """
        SELECT child.id FROM runs_workflowrun child LEFT JOIN runs_workflowrun parent ON parent.id = child.parent_id
        WHERE child.depth > 2 OR (parent.id IS NULL AND child.parent_id IS NOT NULL)
        OR (parent.id IS NOT NULL AND (child.depth <> parent.depth + 1 OR child.project_id <> parent.project_id))
    """,
    "I12: a gate is answered once": """
        SELECT g.id FROM runs_gate g WHERE (g.status = 'answered') <> (g.answer IS NOT NULL AND g.closed_at IS NOT NULL
            AND g.status <> 'expired')
        UNION ALL
        SELECT r.id FROM runs_workflowrun r
        WHERE (SELECT count(*) FROM runs_event e WHERE e.run_id = r.id AND e.kind = 'gate.answered')
            <> (SELECT count(*) FROM runs_gate g WHERE g.run_id = r.id AND g.status = 'answered')
    """,
    "I14: nobody holds a lease on what is not at work, and what is at work was claimed": """
        SELECT a.id FROM runs_agentrun a
        WHERE (a.status <> 'running' AND (a.lease_owner <> '' OR a.lease_until IS NOT NULL))
        OR (a.status = 'running' AND (a.lease_owner = '' OR a.lease_until IS NULL OR a.lease_epoch < 1))
        OR (a.turns > 0 AND a.lease_epoch < 1)
    """,
    "I18: a run that has ended has nothing open": """
        SELECT r.id FROM runs_workflowrun r WHERE r.status IN FINAL AND (
        EXISTS (SELECT 1 FROM runs_agentrun a WHERE a.run_id = r.id AND a.status IN UNDONE)
        OR EXISTS (SELECT 1 FROM runs_gate g WHERE g.run_id = r.id AND g.status = 'open')
        OR EXISTS (SELECT 1 FROM runs_stagerun s WHERE s.run_id = r.id AND s.status = 'running'))
    """,
    "I19: no run has ended while it waits for a workflow": """
        SELECT r.id FROM runs_workflowrun r JOIN runs_workflowcall c ON c.run_id = r.id
        WHERE r.status IN FINAL AND c.status = 'waiting'
    """,
    "I19: no call waits for a run that has ended": """
        SELECT c.id FROM runs_workflowcall c JOIN runs_workflowrun child ON child.id = c.child_id
        WHERE c.status = 'waiting' AND child.status IN FINAL
    """,
}

IDLE = """
    SELECT r.id, r.status FROM runs_workflowrun r WHERE r.status NOT IN FINAL AND (r.status = 'queued'
    OR EXISTS (SELECT 1 FROM runs_agentrun a WHERE a.run_id = r.id AND a.status IN ('ready', 'running')))
"""


def broken(database: Database) -> dict[str, list[object]]:
    """What does not hold, with the first rows that show it. Empty when all is well."""
    found = {name: database.query(_written_out(sql)) for name, sql in INVARIANTS.items()}
    return {name: [*map(list, rows[:5])] for name, rows in found.items() if rows}


def at_work(database: Database) -> list[object]:
    """I21: the runs that have something to do. None once everything that was asked for is done."""
    return [*map(list, database.query(_written_out(IDLE)))]


def _written_out(sql: str) -> str:
    for name, values in _LISTS.items():
        sql = sql.replace(name, values)
    return sql
