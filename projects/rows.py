"""Reading and writing single rows with statements that are built once.

The ORM builds its SQL anew for every call, which costs several times what the statement itself does. A run's hot path
writes the same few shapes of rows again and again: here their SQL is kept, and values are adapted by the kind of their
field, in the form in which Django itself stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from projects import gathering, statements
from projects.column_values import INTO, OUT_OF, stored_as
from projects.statements import vendor

M = TypeVar("M", bound=Model)
Adapt = Callable[[Any], Any] | None
_MOST_PARAMETERS = 30_000  # of one statement; SQLite's own limit is 32,766


@lru_cache(maxsize=256)
def _columns(model: type[Model]) -> dict[str, tuple[str, Adapt]]:
    """Attribute name -> (quoted column, how its value is adapted)."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    into = INTO[vendor()]
    return {
        field.attname: (quote(str(field.column)), into.get(stored_as(field))) for field in model._meta.concrete_fields
    }


@lru_cache(maxsize=512)
def _adapters(model: type[Model], names: tuple[str, ...]) -> tuple[Adapt, ...]:
    columns = _columns(model)
    return tuple(columns[name][1] for name in names)


def _adapted(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    adapters = zip(_adapters(model, tuple(values)), values.values(), strict=True)
    return [value if value is None or adapt is None else adapt(value) for adapt, value in adapters]


def _table(model: type[Model]) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(model._meta.db_table)


# Statements


@lru_cache(maxsize=512)
def _insert_sql(model: type[Model], names: tuple[str, ...], count: int, computed: str = "") -> str:
    columns = _columns(model)
    listed = ", ".join(columns[name][0] for name in names)
    last = [computed] if computed else []
    row = f"({', '.join([*['%s'] * (len(names) - len(last)), *last])})"
    return f"INSERT INTO {_table(model)} ({listed}) VALUES {', '.join([row] * count)}"  # noqa: S608 - our own models


def insert(model: type[Model], new: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given by attribute name: all the same fields, and every field without a default in the database."""
    if not new:
        return
    names = tuple(new[0])
    step = max(1, _MOST_PARAMETERS // len(names))
    for start in range(0, len(new), step):
        part = new[start : start + step]
        values: list[Any] = []
        for row in part:
            values += _adapted(model, row)
        gathering.write(_insert_sql(model, names, len(part)), values)


def insert_counted(model: type[Model], new: Mapping[str, Any], field: str, number: gathering.Write) -> None:
    """`insert` one row; `field` is a number that `counted` works out."""
    sql, more = number
    gathering.write(_insert_sql(model, (*new, field), 1, sql), [*_adapted(model, new), *more])


@lru_cache(maxsize=512)
def _update_sql(model: type[Model], names: tuple[str, ...], added: tuple[str, ...], where: tuple[str, ...]) -> str:
    columns = _columns(model)
    sets = [f"{columns[name][0]} = %s" for name in names]
    sets += [f"{columns[name][0]} = {columns[name][0]} + %s" for name in added]
    checks = " AND ".join(f"{columns[name][0]} = %s" for name in where)
    return f"UPDATE {_table(model)} SET {', '.join(sets)} WHERE {checks}"  # noqa: S608 - our own models


def update(
    model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any], *, add: Mapping[str, float] | None = None
) -> int:
    """Set fields of the rows where others equal what is given; `add` adds to numbers. Returns the number of rows."""
    gathering.needs_answer()
    return int(statements.run(*_update(model, where, values, add or {})).rowcount)


def change(
    model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any], *, add: Mapping[str, float] | None = None
) -> None:
    """`update`, where the number of rows is known."""
    gathering.write(*_update(model, where, values, add or {}))


def change_known(
    model: type[Model],
    where: Mapping[str, Any],
    known: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    add: Mapping[str, float] | None = None,
) -> None:
    """`change`, where the row is locked; `ahead` of the transaction it is the guard: its fields still have to be as
    they are `known` to be."""
    if gathering.is_ahead():
        gathering.guard(*_update(model, {**where, **known}, values, add or {}))
    else:
        change(model, where, values, add=add)


def _update(
    model: type[Model], where: Mapping[str, Any], values: Mapping[str, Any], added: Mapping[str, float]
) -> tuple[str, list[Any]]:
    sql = _update_sql(model, tuple(values), tuple(added), tuple(where))
    return sql, [*_adapted(model, values), *added.values(), *_adapted(model, where)]


@lru_cache(maxsize=64)
def _select_sql(model: type[Model], where: str) -> tuple[str, tuple[str, ...], tuple[Adapt, ...]]:
    columns = _columns(model)
    out_of = OUT_OF[vendor()]
    fields = model._meta.concrete_fields
    listed = ", ".join(columns[field.attname][0] for field in fields)
    sql = f"SELECT {listed} FROM {_table(model)} WHERE {where}"  # noqa: S608 - our own models and words
    return sql, tuple(field.attname for field in fields), tuple(out_of.get(stored_as(field)) for field in fields)


def select(model: type[M], where: str, values: Sequence[Any]) -> list[M]:
    """The rows that `where` names: SQL of our own, with %s for each of `values`; never a text from outside."""
    sql, names, converters = _select_sql(model, where)
    if vendor() == "sqlite":
        values = [value.hex if isinstance(value, UUID) else value for value in values]
    return [_made(model, names, converters, row) for row in statements.run(sql, values).fetchall()]


def _made(model: type[M], names: Sequence[str], converters: Sequence[Adapt], row: Sequence[Any]) -> M:
    pairs = zip(row, converters, strict=True)
    values = [value if value is None or convert is None else convert(value) for value, convert in pairs]
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


def fetch(model: type[M], pk: Any, *, lock: bool = False) -> M | None:
    """One row by its primary key; with `lock` held until the transaction ends, where the database locks rows."""
    suffix = " FOR UPDATE" if lock and vendor() == "postgresql" else ""
    column = _columns(model)[model._meta.pk.attname][0]
    found = select(model, f"{column} = %s{suffix}", [pk])
    return found[0] if found else None


def next_value(model: type[Model], pk: Any, field: str, count: int) -> int | None:
    """Add to a number and return it, in one statement. None when there is no such row."""
    gathering.needs_answer()
    columns = _columns(model)
    column, key = columns[field][0], columns[model._meta.pk.attname][0]
    sql = f"UPDATE {_table(model)} SET {column} = {column} + %s WHERE {key} = %s RETURNING {column}"  # noqa: S608
    row = statements.run(sql, [count, pk]).fetchone()
    return int(row[0]) if row else None


def counted(model: type[Model], pk: Any, field: str, count: int) -> list[gathering.Write]:
    """`next_value` for writes that are gathered `ahead`: the numbers that it gives out, for `insert_counted`."""
    columns = _columns(model)
    column, key = columns[field][0], columns[model._meta.pk.attname][0]
    raised = f"UPDATE {_table(model)} SET {column} = {column} + %s WHERE {key} = %s"  # noqa: S608 - our own models
    if vendor() == "postgresql":
        gathering.count(f"{raised} RETURNING {column}", [count, pk])
        number = f"(SELECT {column} - %s FROM {gathering.COUNTER})"  # noqa: S608 - our own models
        return [(number, [back]) for back in reversed(range(count))]
    gathering.count(raised, [count, pk])
    number = f"(SELECT {column} - %s FROM {_table(model)} WHERE {key} = %s)"  # noqa: S608 - our own models
    return [(number, [back, pk]) for back in reversed(range(count))]


def key(value: UUID) -> Any:
    """An id as the database of this process stores it, for a statement of one's own."""
    return value.hex if vendor() == "sqlite" else value


def query(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement that was written out."""
    return list(statements.run(sql, parameters).fetchall())
