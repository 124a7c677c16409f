"""The words of a run's input and result, found by an index that the database itself keeps.

PostgreSQL has an index on an expression, SQLite a full-text table that triggers fill: no statement of a run's own work
is added by either. Words are found by their beginnings, without case; of each text the first 20,000 characters count.
"""

# ruff: noqa: S608 - put together from names of this file alone; what people write is a parameter

from __future__ import annotations

import re
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BooleanField, F, Func, Value

_FIRST = 20_000
_MOST_WORDS = 12
_ROOM = 2**32  # run numbers of one project; (project, number) is one number in the full-text table
# What PostgreSQL would take for parts of an address or a path stands between words, as SQLite has it.
_BETWEEN = r"./:@_-&?=#"


def words_of(text: str) -> list[str]:
    """The words to look for, at most twelve."""
    return re.findall(r"[^\W_]+", text)[:_MOST_WORDS]


class HasWords(Func):
    """Whether the input and the result of a run of this project hold all of the words, each at least as a beginning."""

    output_field = BooleanField()

    def __init__(self, project_id: int, words: list[str]) -> None:
        super().__init__(F("number"), F("input"), F("result"))
        self.project_id, self.words = project_id, words

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, tuple[str | int, ...]]:
        """A look into the full-text table, whose row numbers are project and number."""
        number, _ = compiler.compile(self.get_source_expressions()[0])
        first = self.project_id * _ROOM
        sought = " ".join(f'"{word}"*' for word in self.words)
        inner = "SELECT rowid - %s FROM run_text WHERE run_text MATCH %s AND rowid >= %s AND rowid < %s"
        return f"{number} IN ({inner})", (first, sought, first, first + _ROOM)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, list[Any]]:
        """The expression of the index `run_text`, asked once for all numbers: joined to it, rare words would be sought
        run by run, and of common ones every run would be read before the newest are chosen."""
        number, _ = compiler.compile(self.get_source_expressions()[0])
        sought = " & ".join(f"{word}:*" for word in self.words)
        query, values = compiler.compile(Value(sought))
        fits = f"project_id = %s AND {_vector('input', 'result')} @@ to_tsquery('simple', {query})"
        found = f"SELECT number FROM runs_workflowrun WHERE {fits}"
        return f"{number} = ANY(ARRAY({found}))", [self.project_id, *values]


def _vector(text: str, result: str) -> str:
    said = f"left({text}::text, {_FIRST}) || ' ' || left(coalesce(({result} -> 'value')::text, ''), {_FIRST})"
    return f"to_tsvector('simple', translate({said}, '{_BETWEEN}', '{' ' * len(_BETWEEN)}'))"


def _body(row: str) -> str:
    """The words of a row in SQLite: keys and values of its JSON, without its punctuation."""
    parts = [
        f"substr(coalesce((SELECT group_concat(CASE WHEN typeof(key) = 'text' THEN key || ' ' ELSE '' END "
        f"|| coalesce(atom, ''), ' ') FROM json_tree({source})), ''), 1, {_FIRST})"
        for source in (f"{row}.input", f"coalesce({row}.result, 'null'), '$.value'")
    ]
    return " || ' ' || ".join(parts)


def _sqlite() -> list[str]:
    key = {row: f"{row}.project_id * {_ROOM} + {row}.number" for row in ("old", "new")}
    add = f"INSERT INTO run_text (rowid, body) VALUES ({key['new']}, {_body('new')});"
    drop = f"INSERT INTO run_text (run_text, rowid, body) VALUES ('delete', {key['old']}, {_body('old')});"
    on = "ON runs_workflowrun"
    return [
        "CREATE VIRTUAL TABLE IF NOT EXISTS run_text USING fts5(body, content='', detail='none', columnsize=0)",
        f"CREATE TRIGGER IF NOT EXISTS run_text_insert AFTER INSERT {on} BEGIN {add} END",
        f"CREATE TRIGGER IF NOT EXISTS run_text_delete AFTER DELETE {on} BEGIN {drop} END",
        f"CREATE TRIGGER IF NOT EXISTS run_text_update AFTER UPDATE OF input, result {on} "
        f"WHEN old.result IS NOT new.result OR old.input IS NOT new.input BEGIN {drop} {add} END",
    ]


def install(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations: make the index; harmless where it is there.

    To be run again after a migration that makes SQLite's table of runs anew, since that drops the triggers.
    """
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE INDEX IF NOT EXISTS run_text ON runs_workflowrun USING gin ({_vector('input', 'result')})"
        )
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'run_text'")
        fresh = cursor.fetchone() is None
        for statement in _sqlite():
            cursor.execute(statement)
        if fresh:
            key = f"run.project_id * {_ROOM} + run.number"
            cursor.execute(
                f"INSERT INTO run_text (rowid, body) SELECT {key}, {_body('run')} FROM runs_workflowrun AS run"
            )


def remove(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations: take the index away again."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX IF EXISTS run_text")
        return
    for name in ("insert", "delete", "update"):
        editor.execute(f"DROP TRIGGER IF EXISTS run_text_{name}")
    editor.execute("DROP TABLE IF EXISTS run_text")
