"""Pairs of rows that live or die together, such as a pending signature and the letter about it."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from petition.base import db, rows


class Pair(NamedTuple):
    """A row for each of two tables, to live or die together. For the same two tables always the same columns; plain
    values only: numbers, words, bytes, moments."""

    first: Table
    one: dict[str, Any]
    second: Table
    other: dict[str, Any]


#: What stores a pair: `put` in the transaction at hand, `together.put` in a commit that several requests share.
Put = Callable[[Pair], None]


def put(pair: Pair) -> None:
    """Insert both rows of a pair in the transaction at hand."""
    insert(db.session.connection(), [pair])


def insert(connection: Connection, pairs: Sequence[Pair]) -> None:
    """Insert pairs for the same two tables: where the database can as one statement, which is the same however many
    there are, so that all live or die together even without a transaction around them."""
    first, second = pairs[0].first, pairs[0].second
    ones, others = [pair.one for pair in pairs], [pair.other for pair in pairs]
    if db.is_sqlite():
        connection.execute(first.insert(), ones)
        connection.execute(second.insert(), others)
        return
    ones, others = [_defaults(first) | row for row in ones], [_defaults(second) | row for row in others]
    statement = _both(first, tuple(ones[0]), second, tuple(others[0]))
    connection.exec_driver_sql(statement, (rows.as_json(ones), rows.as_json(others)))


def insert_new(several: Sequence[Pair], names: str) -> set[int]:
    """Insert pairs for the same two tables in the transaction at hand, but for those whose first row a unique key
    stands against: the ids of the others' first rows. `names` is the column by which the second row names the first."""
    connection = db.session.connection()
    if db.is_sqlite():
        return _insert_new_apart(connection, several, names)
    first, second = several[0].first, several[0].second
    ones, others = [pair.one for pair in several], [pair.other for pair in several]
    statement = _both_new(first, tuple(ones[0]), second, tuple(others[0]), names)
    return set(connection.exec_driver_sql(statement, (rows.as_json(ones), rows.as_json(others))).scalars())


def _insert_new_apart(connection: Connection, several: Sequence[Pair], names: str) -> set[int]:
    first, second = several[0].first, several[0].second
    statement = db.insert(first).on_conflict_do_nothing().returning(first.c.id)
    new = set(connection.execute(statement, [pair.one for pair in several]).scalars())
    others = [pair.other for pair in several if pair.other[names] in new]
    if others:
        connection.execute(second.insert(), others)
    return new


@lru_cache(maxsize=16)
def _both_new(first: Table, ones: tuple[str, ...], second: Table, others: tuple[str, ...], names: str) -> str:
    columns, more = ", ".join(ones), ", ".join(others)
    return (  # names of ours
        f"WITH new AS (INSERT INTO {first.name} ({columns}) SELECT {columns}"  # noqa: S608
        f" FROM json_populate_recordset(NULL::{first.name}, %s::json) ON CONFLICT DO NOTHING RETURNING id)"
        f" INSERT INTO {second.name} ({more}) SELECT {more}"
        f" FROM json_populate_recordset(NULL::{second.name}, %s::json) WHERE {names} IN (SELECT new.id FROM new)"
        f" RETURNING {names}"
    )


@cache
def _defaults(table: Table) -> dict[str, Any]:
    """What a table's columns are unless something else is said; a statement of our own does not bring it along."""
    scalars = [(column.name, column.default) for column in table.c]
    return {name: default.arg for name, default in scalars if isinstance(default, ScalarElementColumnDefault)}


@lru_cache(maxsize=16)
def _both(first: Table, ones: tuple[str, ...], second: Table, others: tuple[str, ...]) -> str:
    """All rows of a table come as one JSON array, see `rows`."""
    inserts = [
        f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(columns)}"  # noqa: S608  # names of ours
        f" FROM json_populate_recordset(NULL::{table.name}, %s::json)"
        for table, columns in ((first, ones), (second, others))
    ]
    return f"WITH first_rows AS ({inserts[0]}) {inserts[1]}"
