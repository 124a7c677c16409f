"""The index of words, which is no part of any model: migrations must leave it in its place."""

from __future__ import annotations

import pytest
from django.db import connection

from runs import searching

pytestmark = pytest.mark.django_db

_POSTGRES = "SELECT indexname FROM pg_indexes WHERE indexname = 'run_text'"
_SQLITE = (
    "SELECT name FROM sqlite_master WHERE name IN ('run_text', 'run_text_insert', 'run_text_update', 'run_text_delete')"
)
_WANTED = {
    "postgresql": (_POSTGRES, {"run_text"}),
    "sqlite": (_SQLITE, {"run_text", "run_text_insert", "run_text_update", "run_text_delete"}),
}


def _missing() -> set[str]:
    query, wanted = _WANTED[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return wanted - {str(row[0]) for row in cursor.fetchall()}


def test_the_migrations_leave_the_index_of_words_in_place() -> None:
    """A migration that makes SQLite's table of runs anew drops its triggers: it must run `searching.install` again."""
    assert _missing() == set()


def test_installing_again_brings_back_what_such_a_migration_dropped() -> None:
    """What that migration has to call mends it, and is harmless where nothing is missing."""
    dropped = "INDEX run_text" if connection.vendor == "postgresql" else "TRIGGER run_text_update"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP {dropped}")
    assert len(_missing()) == 1

    editor = connection.schema_editor()
    searching.install(None, editor)
    searching.install(None, editor)

    assert _missing() == set()
