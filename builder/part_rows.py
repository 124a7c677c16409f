"""Which rows mean the stages and assignments of a workflow, and where its cards stand.

Asked for twice by every edit, so that the SQL is written out: building it takes longer than what it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

_PARTS = """
SELECT stage.id, stage.version, assignment.id, assignment.version
FROM builder_stage stage
LEFT JOIN builder_assignment assignment ON assignment.stage_id = stage.id
WHERE stage.workflow_id = %s
ORDER BY stage.position, assignment.position
"""
_PLACES = """
SELECT stage.name, place.label, place.x, place.y
FROM builder_place place
JOIN builder_stage stage ON stage.id = place.stage_id
WHERE stage.workflow_id = %s
ORDER BY place.id
"""


@dataclass(frozen=True)
class PartRows:
    """Ids with their versions: `stages` by position, `assignments` by id; `inside`: the ids of the assignments by the
    position of the stage, then their own."""

    stages: dict[int, int]
    assignments: dict[int, int]
    inside: tuple[tuple[int, ...], ...]


def part_rows(workflow_id: int) -> PartRows:
    """The rows of a workflow's parts; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [workflow_id])
        rows = cursor.fetchall()
    inside: dict[int, list[int]] = {}
    stages: dict[int, int] = {}
    assignments: dict[int, int] = {}
    for stage, version, assignment, its_version in rows:
        stages[stage] = version
        ids = inside.setdefault(stage, [])
        if assignment is not None:
            ids.append(assignment)
            assignments[assignment] = its_version
    return PartRows(stages, assignments, tuple(map(tuple, inside.values())))


def placed(workflow_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Where cards were put, by the stage's name and the outcome's label (empty: the stage's own card); one query."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [workflow_id])
        return {(name, label): (x, y) for name, label, x, y in cursor.fetchall()}
