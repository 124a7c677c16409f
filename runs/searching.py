"""The words of a run's input and result, found by an index that the database itself keeps.

PostgreSQL has an index on an expression, SQLite a full-text table that triggers fill: no statement of a run's own work
is added by either. Words are found by their beginnings, without case; of each text the first 20,000 characters count.

Words that most runs hold would be found in all of them before the newest are chosen. So a list looks among the newest
runs first (`WINDOW`), and among all where these have too few: rare words cost one look more, which is nearly nothing.
Between the two PostgreSQL looks at the newest runs that fit the other filters (`FEW`): a common word is found there.
"""

# ruff: noqa: S608 - put together from names of this file alone; what people write is a parameter

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BooleanField, F, Func, Value

_FIRST = 20_000
_MOST_WORDS = 12
_ROOM = 2**32  # run numbers of one project; (project, number) is one number in the full-text table
# What PostgreSQL would take for parts of an address or a path stands between words, as SQLite has it.
_BETWEEN = r"./:@_-&?=#"
_ESCAPED = (r"\\", r"\n", r"\t", r"\r")  # in this order; as PostgreSQL writes JSON, a line end would begin with an n
_GROUP = 1024  # run numbers that share a mark in PostgreSQL's index
WINDOW = 4 * _GROUP  # run numbers among which the newest are looked for first
FEW = 200  # runs whose words PostgreSQL takes apart one by one
_MOST_MARKS = 32


@dataclass(frozen=True, slots=True)
class Numbers:
    """Run numbers from `first` to `last`, both inclusive."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Few:
    """These run numbers, so few that PostgreSQL takes the words of each apart. At least one."""

    numbers: Sequence[int]


Among = Numbers | Few


@contextmanager
def asked_by_index() -> Iterator[None]:
    """For queries with `HasWords`: where PostgreSQL believes that most runs fit, it would take the words of every run
    apart instead of asking the index, which takes it seconds."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield


def words_of(text: str) -> list[str]:
    """The words to look for, at most twelve."""
    return re.findall(r"[^\W_]+", text)[:_MOST_WORDS]


class HasWords(Func):
    """Whether the input and the result of a run of this project hold all of the words, each at least as a beginning.

    With `among`, runs of other numbers may be left out."""

    output_field = BooleanField()

    def __init__(self, project_id: int, words: list[str], among: Among | None = None) -> None:
        super().__init__(F("number"))
        self.project_id, self.words, self.among = project_id, words, among

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, tuple[str | int, ...]]:
        """A look into the full-text table, whose row numbers are project and number."""
        number, _ = compiler.compile(self.get_source_expressions()[0])
        first = self.project_id * _ROOM
        among = _range(self.among) or Numbers(0, _ROOM - 1)
        sought = " ".join(f'"{word}"*' for word in self.words)
        inner = "SELECT rowid - %s FROM run_text WHERE run_text MATCH %s AND rowid BETWEEN %s AND %s"
        return f"{number} IN ({inner})", (first, sought, first + among.first, first + among.last)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, list[Any]]:
        """The expression of the index `run_text`, asked once for all numbers: joined to it, rare words would be sought
        run by run. The project is hidden from the planner, which would go by it and take each run's words apart."""
        number, _ = compiler.compile(self.get_source_expressions()[0])
        sought = " & ".join(f"{word}:*" for word in self.words)
        query, values = compiler.compile(Value(sought))
        few = self.among if isinstance(self.among, Few) else None
        marks = "" if isinstance(self.among, Few) else _marks(self.among)
        fits = f"{_vector()} @@ (to_tsquery('simple', {query}){marks})"
        where = "project_id = %s AND number = ANY(%s)" if few else "project_id + 0 = %s"
        found = f"SELECT number FROM runs_workflowrun WHERE {where} AND {fits}"
        return f"{number} = ANY(ARRAY({found}))", [self.project_id, *([list(few.numbers)] if few else []), *values]


def _range(among: Among | None) -> Numbers | None:
    return Numbers(min(among.numbers), max(among.numbers)) if isinstance(among, Few) else among


def _marks(among: Numbers | None) -> str:
    """What further narrows a query to the groups of these numbers; to nothing where there are many."""
    groups = range(among.first // _GROUP, among.last // _GROUP + 1) if among else range(0)
    if not 0 < len(groups) <= _MOST_MARKS:
        return ""
    return " && $$" + " | ".join(f"'#{group}'" for group in groups) + "$$::tsquery"


def _vector() -> str:
    """The words of a row in PostgreSQL, and a mark of its number, which is no word: none has a "#"."""
    said = f"left(input::text, {_FIRST}) || ' ' || left(coalesce((result -> 'value')::text, ''), {_FIRST})"
    for escaped in _ESCAPED:
        said = f"replace({said}, '{escaped}', ' ')"
    words = f"to_tsvector('simple', translate({said}, '{_BETWEEN}', '{' ' * len(_BETWEEN)}'))"
    return f"({words} || array_to_tsvector(ARRAY['#' || (number / {_GROUP})::text]))"


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
        editor.execute("SET LOCAL statement_timeout = 0")  # of many runs it takes longer than pages may
        editor.execute(f"CREATE INDEX IF NOT EXISTS run_text ON runs_workflowrun USING gin ({_vector()})")
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


def renew(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations: make PostgreSQL's index anew after its expression has changed. SQLite has none."""
    if editor.connection.vendor == "postgresql":
        remove(apps, editor)
        install(apps, editor)


def remove(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations: take the index away again."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX IF EXISTS run_text")
        return
    for name in ("insert", "delete", "update"):
        editor.execute(f"DROP TRIGGER IF EXISTS run_text_{name}")
    editor.execute("DROP TABLE IF EXISTS run_text")
